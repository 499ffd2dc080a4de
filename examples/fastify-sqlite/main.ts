// A Fastify app with webhooks. Its own table and those of Outhook are in one SQLite file, so one transaction changes both.
import type { EventTypeOf, PayloadOf } from "@outhook/core";
import { createOuthook, defineEvents, isOuthookError, OuthookError } from "@outhook/core";
import type { Principal } from "@outhook/core/http";
import { problemAnswer } from "@outhook/core/http";
import { outhookPlugin } from "@outhook/fastify";
import { sqliteStore } from "@outhook/sqlite";
import Database from "better-sqlite3";
import type { FastifyError, FastifyRequest } from "fastify";
import { fastify } from "fastify";
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

const db = new Database(DATABASE);
db.pragma("synchronous = FULL"); // better-sqlite3's default can lose the last commits when the power goes
db.exec("create table if not exists activity (message text, tenant text, type text)");

// Who calls, and may they change anything? Your app has sessions or API keys for this.
const principals: ReadonlyMap<string | undefined, Principal> = new Map([
  ["Bearer acme:admin", { tenant: "acme", can: "manage" }],
  ["Bearer acme:viewer", { tenant: "acme", can: "view" }],
  ["Bearer globex:admin", { tenant: "globex", can: "manage" }],
]);
const authenticate = ({ headers }: FastifyRequest): Principal | null => principals.get(headers.authorization) ?? null;

const app = fastify();
// Outhook's errors as problem details, and so what Fastify's parser refuses; all others stay with Fastify.
app.setErrorHandler<FastifyError>((error, _request, reply) => {
  const { statusCode } = error;
  const code = statusCode === 413 ? "body_too_large" : statusCode === 415 ? "unsupported_media_type" : "malformed_body";
  const known = Number(statusCode) < 500 ? new OuthookError(code, error.message) : error;
  if (!isOuthookError(known)) return reply.send(error);
  const { status, headers, body } = problemAnswer(outhook, known);
  return reply.code(status).headers(headers).send(body);
});
app.register(outhookPlugin, { prefix: "/webhooks", outhook, authenticate });

type EventType = EventTypeOf<typeof events>;
type Demo = { type: EventType; data: PayloadOf<typeof events, EventType> } | null;

// The app's own work: what it writes and the message that tells of it are committed together, or neither is.
app.post<{ Body: Demo }>("/demo/send", async (request, reply) => {
  const principal = authenticate(request);
  if (principal === null) throw new OuthookError("unauthenticated", "send authorization: Bearer acme:admin");
  if (principal.can !== "manage") throw new OuthookError("forbidden", "these credentials may only look");
  if (!request.body) throw new OuthookError("malformed_body", "send JSON with content-type: application/json");
  const { type, data } = request.body; // of your own code the compiler checks both; here `prepare` does
  const { tenant } = principal;
  const { id, sql, parameters } = await outhook.tenant(tenant).prepare(type, data);
  db.transaction(() => {
    db.prepare("insert into activity values (?, ?, ?)").run(id, tenant, type);
    db.prepare(sql).run(...parameters);
  })();
  outhook.wake();
  return reply.code(202).send({ id });
});

app.addHook("onClose", async () => {
  await outhook.close({ graceMs: 5_000 });
  db.close();
});
process.once("SIGTERM", () => void app.close()).once("SIGINT", () => void app.close());

const address = await app.listen({ port: Number(PORT), host: "127.0.0.1" });
console.log(`Call with ${[...principals.keys()].map((one) => `"Authorization: ${one}"`).join(" or ")}.`);
if (!OUTHOOK_KEY) console.log(`Signing secrets are readable in ${DATABASE}: set OUTHOOK_KEY to encrypt them.`);
if (!OUTHOOK_ALLOW) console.log("Receivers must be public: OUTHOOK_ALLOW=127.0.0.0/8 opens this machine.");
console.log(`listening on ${address}`);
