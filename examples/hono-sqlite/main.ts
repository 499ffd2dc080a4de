// A Hono app with webhooks. Its own table and those of Outhook are in one SQLite file, so one transaction changes both.
import { serve } from "@hono/node-server";
import type { EventTypeOf, PayloadOf } from "@outhook/core";
import { createOuthook, defineEvents, isOuthookError, OuthookError } from "@outhook/core";
import type { Principal } from "@outhook/core/http";
import { problemAnswer } from "@outhook/core/http";
import { outhookApp } from "@outhook/hono";
import { sqliteStore } from "@outhook/sqlite";
import Database from "better-sqlite3";
import type { Context } from "hono";
import { Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { Kysely, SqliteDialect } from "kysely";
import { z } from "zod";

const { PORT = "3000", DATABASE = "app.db", OUTHOOK_ALLOW, OUTHOOK_KEY } = process.env;

const order = z.object({ id: z.string(), amount: z.int().positive() });
const events = defineEvents({
  "order.created": order,
  "order.paid": order,
  "customer.created": z.object({ id: z.string(), email: z.email() }),
});
const outhook = createOuthook({
  store: sqliteStore({ path: DATABASE }),
  events,
  // The key that encrypts signing secrets in the file: openssl rand -base64 32. Without one anybody who reads it has them.
  secretKeys: OUTHOOK_KEY ? { current: "k1", keys: { k1: OUTHOOK_KEY } } : "plaintext",
  // Requests go to public addresses over HTTPS, and a receiver on your own machine offers neither. What OUTHOOK_ALLOW
  // names (127.0.0.0/8) is opened, and plain HTTP with it: for trying it out, not for production.
  network: OUTHOOK_ALLOW ? { allow: OUTHOOK_ALLOW.split(/\s*,\s*/), allowHttp: true } : {},
});
outhook.on("delivery.retrying", ({ type, endpointId, error }) => console.warn(`${type} to ${endpointId}: ${error}`));
await outhook.migrate();
await outhook.dispatcher.start();

const database = new Database(DATABASE);
database.pragma("synchronous = FULL"); // better-sqlite3's default can lose the last commits when the power goes
database.exec("create table if not exists activity (message text, tenant text, type text)");
const db = new Kysely<{ activity: { message: string; tenant: string; type: string } }>({
  dialect: new SqliteDialect({ database }),
});

// Who calls, and may they change anything? Your app has sessions or API keys for this.
const principals: ReadonlyMap<string | undefined, Principal> = new Map([
  ["Bearer acme:admin", { tenant: "acme", can: "manage" }],
  ["Bearer acme:viewer", { tenant: "acme", can: "view" }],
  ["Bearer globex:admin", { tenant: "globex", can: "manage" }],
]);
const authenticate = ({ req }: Context): Principal | null => principals.get(req.header("authorization")) ?? null;

const app = new Hono();
app.use(secureHeaders());
app.route("/webhooks", outhookApp(outhook, { authenticate }));

type EventType = EventTypeOf<typeof events>;
type Demo = { type: EventType; data: PayloadOf<typeof events, EventType> } | null;

// The app's own work: what it writes and the message that tells of it are committed together, or neither is.
app.post("/demo/send", async (context) => {
  const principal = authenticate(context);
  if (principal === null) throw new OuthookError("unauthenticated", "send authorization: Bearer acme:admin");
  if (principal.can !== "manage") throw new OuthookError("forbidden", "these credentials may only look");
  const body = await context.req.json<Demo>().catch(() => null);
  if (body === null) throw new OuthookError("malformed_body", "the body is not valid JSON");
  const { type, data } = body; // of your own code the compiler checks both; here `send` does
  const { tenant } = principal;
  const { id } = await db.transaction().execute(async (tx) => {
    const sent = await outhook.tenant(tenant).send(type, data, { tx });
    await tx.insertInto("activity").values({ message: sent.id, tenant, type }).execute();
    return sent;
  });
  outhook.wake();
  return context.json({ id }, 202);
});

app.onError((error) => {
  if (!isOuthookError(error)) throw error;
  const { status, headers, body } = problemAnswer(outhook, error);
  return new Response(body, { status, headers });
});

const server = serve({ fetch: app.fetch, port: Number(PORT), hostname: "127.0.0.1" }, () => {
  console.log(`Call with ${[...principals.keys()].map((one) => `"Authorization: ${one}"`).join(" or ")}.`);
  if (!OUTHOOK_KEY) console.log(`Signing secrets are readable in ${DATABASE}: set OUTHOOK_KEY to encrypt them.`);
  if (!OUTHOOK_ALLOW) console.log("Receivers must be public: OUTHOOK_ALLOW=127.0.0.0/8 opens this machine.");
  console.log(`listening on http://127.0.0.1:${PORT}`);
});
const stop = (): void => {
  server.close(() => void outhook.close({ graceMs: 5_000 }).then(() => db.destroy()));
  if ("closeAllConnections" in server) setTimeout(() => server.closeAllConnections(), 2_000).unref();
};
process.once("SIGTERM", stop).once("SIGINT", stop);
