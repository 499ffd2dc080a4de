// An Express app with webhooks on Postgres: what it writes and the message that tells of it are one transaction.
import { isOuthookError, OuthookError } from "@outhook/core";
import type { Principal } from "@outhook/core/http";
import { problemAnswer } from "@outhook/core/http";
import { sendAnswer } from "@outhook/core/node";
import { outhookRouter } from "@outhook/express";
import type { ErrorRequestHandler, Request } from "express";
import express from "express";
import { Pool } from "pg";
import { findDatabase } from "./database.ts";
import { openOuthook } from "./outhook.ts";

const { PORT = "3000", DATABASE_URL, DISPATCH = "yes" } = process.env;

const database = await findDatabase(DATABASE_URL);
const pool = new Pool({ connectionString: database.url });
// Without listeners pg ends the process when the database ends a connection: an idle one, or one that a request holds.
pool.on("error", (error) => console.warn(`an idle connection broke: ${error.message}`));
pool.on("connect", (client) => client.on("error", () => undefined)); // its query is rejected as well
const outhook = openOuthook(pool);
await outhook.migrate();
await pool.query("create table if not exists activity (message text, tenant text, type text)");
// DISPATCH=no leaves the delivering to processes of its own: `pnpm dispatcher`, as many as you like.
if (DISPATCH !== "no") await outhook.dispatcher.start();

// Who calls, and may they change anything? Your app has sessions or API keys for this.
const principals: ReadonlyMap<string | undefined, Principal> = new Map([
  ["Bearer acme:admin", { tenant: "acme", can: "manage" }],
  ["Bearer acme:viewer", { tenant: "acme", can: "view" }],
  ["Bearer globex:admin", { tenant: "globex", can: "manage" }],
]);
const authenticate = ({ headers }: Request): Principal | null => principals.get(headers.authorization) ?? null;

const app = express();
app.use("/webhooks", outhookRouter(outhook, { authenticate }));
app.use(express.json());

// `{"fail": true}` shows that the message goes with the business write: neither is there afterwards.
app.post("/demo/send", async (request, response) => {
  const principal = authenticate(request);
  if (principal === null) throw new OuthookError("unauthenticated", "send authorization: Bearer acme:admin");
  if (principal.can !== "manage") throw new OuthookError("forbidden", "these credentials may only look");
  if (!request.body) throw new OuthookError("malformed_body", "send JSON with content-type: application/json");
  const { type, data, fail } = request.body;
  const { tenant } = principal;
  const tx = await pool.connect();
  try {
    await tx.query("begin");
    const { id } = await outhook.tenant(tenant).send(type, data, { tx });
    await tx.query("insert into activity values ($1, $2, $3)", [id, tenant, type]);
    if (fail === true) throw new OuthookError("invalid_payload", "the demo was asked to fail: both were rolled back");
    await tx.query("commit");
    outhook.wake();
    response.status(202).json({ id });
  } catch (error) {
    await tx.query("rollback").catch(() => undefined); // the connection may be what failed
    throw error;
  } finally {
    tx.release();
  }
});

// Outhook's errors as problem details, and so what express.json() refuses; all others stay with Express.
const onError: ErrorRequestHandler = (error, _request, response, next) => {
  const code = error.status === 413 ? "body_too_large" : "malformed_body";
  const known: unknown = error.status < 500 ? new OuthookError(code, error.message) : error;
  if (isOuthookError(known)) sendAnswer(response, problemAnswer(outhook, known));
  else next(known);
};
app.use(onError);

const server = app.listen(Number(PORT), "127.0.0.1", (error) => {
  if (error) throw error;
  console.log(`Call with ${[...principals.keys()].map((one) => `"Authorization: ${one}"`).join(" or ")}.`);
  console.log(`One more dispatcher: DATABASE_URL=${database.url} pnpm dispatcher`);
  console.log(`listening on http://127.0.0.1:${PORT}`);
});
const stop = (): void => {
  server.close(
    () =>
      void outhook
        .close({ graceMs: 5_000 })
        .then(() => pool.end())
        .then(database.stop),
  );
  setTimeout(() => server.closeAllConnections(), 2_000).unref();
};
process.once("SIGTERM", stop).once("SIGINT", stop);
