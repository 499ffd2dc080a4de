import type { AnyEvents, Endpoint, ErrorCode, OuthookOptions, Outhook } from "@outhook/core";
import { createOuthook, defineEvents, isOuthookError, memoryStore } from "@outhook/core";
import { createHandler } from "@outhook/core/http";
import { sqliteStore } from "@outhook/sqlite";
import Database from "better-sqlite3";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";

/** What is read of an error: by callers of the API its detail, by hosts its message. */
export type Provocation = () => Promise<{ readonly code: unknown; readonly text: unknown }>;

const url = "https://hooks.example.com";
const events = defineEvents({ "loan.active": z.object({ id: z.string() }), "loan.expired": z.object({}) });
const silent = { warn: () => undefined, error: () => undefined };

/** A way to get each error that can be got. */
export const provocations: Readonly<Partial<Record<ErrorCode, Provocation>>> = {
  malformed_body: () => refusedCreate({}),
  invalid_body: () => refusedCreate({ url, name: "Production" }),
  unsupported_media_type: () => refused("POST /endpoints", { headers: { "content-type": "text/plain" }, body: "{}" }),
  body_too_large: () => refusedCreate({ url, description: "a".repeat(1_048_576) }),
  unauthenticated: () => refused("GET /endpoints", { headers: { authorization: "" } }),
  forbidden: () => refused("POST /endpoints", { headers: { authorization: "view" }, body: "{}" }),
  not_found: () => refused("GET /endpoints/ep_0198f3c2a7d87c3e9b1f4a6d2e5c8b07"),
  method_not_allowed: () => refused("PUT /endpoints"),
  invalid_url: () => refusedCreate({ url: "http://hooks.example.com" }),
  blocked_address: () => refusedCreate({ url: "https://10.0.0.7/hook" }),
  invalid_events: () => refusedCreate({ url, events: ["loan."] }),
  unknown_event_type: () => refusedCreate({ url, events: ["loan.actve"] }),
  invalid_description: () => refusedCreate({ url, description: "a".repeat(612) }),
  invalid_headers: () => refusedCreate({ url, headers: { Host: "hooks.example.com" } }),
  invalid_metadata: () => refusedCreate({ url, metadata: { team: 7 } }),
  invalid_timeout: () => refusedCreate({ url, timeout_seconds: 90 }),
  invalid_max_retries: () => refusedCreate({ url, max_retries: -1 }),
  invalid_rate_limit: () => refusedCreate({ url, rate_limit: 0 }),
  invalid_secret: async () => {
    const { outhook, endpoint } = await withEndpoint();
    return await refusedBy(outhook, `POST /endpoints/${endpoint.id}/secret/rotate`, {
      body: `{"expire_current_in":100000}`,
    });
  },
  invalid_cursor: () => refused("GET /endpoints?starting_after=20"),
  invalid_limit: () => refused("GET /endpoints?limit=1000"),
  too_many_endpoints: async () => {
    const outhook = await started();
    const { endpoints } = outhook.tenant("acme");
    for (let count = 0; count < 100; count += 1) await endpoints.create({ url });
    return await refusedBy(outhook, "POST /endpoints", { body: JSON.stringify({ url }) });
  },
  too_many_secrets: async () => {
    const { outhook, endpoint } = await withEndpoint();
    for (let count = 1; count < 10; count += 1) await outhook.tenant("acme").endpoints.rotateSecret(endpoint.id);
    return await refusedBy(outhook, `POST /endpoints/${endpoint.id}/secret/rotate`);
  },
  idempotency_key_invalid: () =>
    refused("POST /endpoints", { headers: { "idempotency-key": "order 66" }, body: JSON.stringify({ url }) }),
  idempotency_mismatch: async () => {
    const outhook = await started();
    await outhook.tenant("acme").endpoints.create({ url }, { idempotencyKey: "order-66" });
    const body = JSON.stringify({ url: `${url}/other` });
    return await refusedBy(outhook, "POST /endpoints", { headers: { "idempotency-key": "order-66" }, body });
  },
  idempotency_in_flight: async () => {
    const store = memoryStore();
    const forgetful = { ...store, secrets: { ...store.secrets, keptAnswer: async () => null } };
    const outhook = await started({ store: forgetful });
    await outhook.tenant("acme").endpoints.create({ url }, { idempotencyKey: "order-66" });
    const body = JSON.stringify({ url });
    return await refusedBy(outhook, "POST /endpoints", { headers: { "idempotency-key": "order-66" }, body });
  },
  rate_limited: () => refused("GET /endpoints", { headers: { authorization: "hurry" } }),
  internal: () => refused("GET /endpoints", { headers: { authorization: "throw" } }),

  invalid_event_type: () => thrown(async ({ tenant }) => await tenant("acme").send("loan active", {})),
  invalid_payload: () => thrown(async ({ tenant }) => await tenant("acme").send("loan.active", { id: 7 })),
  payload_too_large: () =>
    thrown(async ({ tenant }) => await tenant("acme").send("loan.active", { id: "a".repeat(1_200_000) })),
  invalid_tenant: () => thrown(async ({ tenant }) => tenant("")),
  delivery_in_flight: () => redelivered("its request is open"),
  endpoint_deleted: () => redelivered("its endpoint is deleted"),
  unsupported_transaction: () =>
    withFile((path) =>
      thrown(
        async ({ tenant }) =>
          await tenant("acme").send("loan.active", { id: "1" }, { tx: { query: () => undefined } as never }),
        { store: sqliteStore({ path }) },
        { migrate: false },
      ),
    ),
  invalid_options: () => thrown(async () => undefined, { dispatcher: { pollMs: 0 } }),
  schema_pending: () =>
    withFile((path) =>
      thrown(
        async ({ tenant }) => await tenant("acme").endpoints.list(),
        { store: sqliteStore({ path: join(dirname(path), "new.db") }) },
        { migrate: false },
      ),
    ),
  stopped: () =>
    withFile((path) =>
      thrown(
        async (outhook) => {
          await outhook.close();
          await outhook.tenant("acme").endpoints.list();
        },
        { store: sqliteStore({ path }) },
        { migrate: false },
      ),
    ),
  environment_mismatch: async () => {
    const store = memoryStore();
    await started({ store, environment: "production" });
    return await thrown(async ({ dispatcher }) => await dispatcher.runOnce(), { store, environment: "staging" });
  },
  unknown_secret_key: async () => {
    const store = memoryStore();
    const key = Buffer.alloc(32, 7).toString("base64");
    await withEndpoint({ store, secretKeys: { current: "k1", keys: { k1: key } } });
    return await thrown(
      async ({ dispatcher }) => await dispatcher.runOnce(),
      { store, secretKeys: { current: "k2", keys: { k2: key } } },
      { migrate: false },
    );
  },
  backpressure: async () => {
    const store = memoryStore();
    const stuck = { ...store, messages: { ...store.messages, insert: () => new Promise<never>(() => undefined) } };
    return await thrown(
      async ({ tenant }) => {
        const sends = Array.from({ length: 10_001 }, (_, n) => tenant("acme").send("loan.active", { id: `ln_${n}` }));
        await Promise.race(sends);
      },
      { store: stuck },
    );
  },
  store_busy: () =>
    withFile(async (path) => {
      const other = new Database(path);
      other.exec("begin immediate");
      try {
        const store = sqliteStore({ path, lockWaitMs: 0 });
        const { code, text } = await thrown(
          async ({ tenant }) => await tenant("acme").send("loan.active", { id: "1" }),
          { store },
          { migrate: false },
        );
        return { code, text: String(text).replace(/\d+ ms/, "5000 ms") };
      } finally {
        other.close();
      }
    }),
  store_unavailable: () =>
    withFile(async (path) => {
      const store = sqliteStore({ path: join(dirname(path), "data", "outhook.db") });
      return await thrown(async ({ tenant }) => await tenant("acme").endpoints.list(), { store }, { migrate: false });
    }),
  schema_newer: () =>
    withFile(async (path) => {
      const other = new Database(path);
      other.exec("update outhook_migrations set id = '0002_later', breaking = 1");
      other.close();
      const store = sqliteStore({ path });
      return await thrown(async ({ tenant }) => await tenant("acme").endpoints.list(), { store }, { migrate: false });
    }),
};

type Asked = { readonly headers?: Readonly<Record<string, string>>; readonly body?: string };

async function started(options: Partial<OuthookOptions<AnyEvents, never>> = {}): Promise<Outhook<AnyEvents, never>> {
  const outhook = createOuthook({ store: memoryStore(), secretKeys: "plaintext", events, logger: silent, ...options });
  await outhook.migrate();
  return outhook;
}

async function withEndpoint(
  options: Partial<OuthookOptions<AnyEvents, never>> = {},
): Promise<{ readonly outhook: Outhook<AnyEvents, never>; readonly endpoint: Endpoint }> {
  const outhook = await started(options);
  const { endpoint } = await outhook.tenant("acme").endpoints.create({ url, headers: { "x-key": "k" } });
  return { outhook, endpoint };
}

async function refusedCreate(body: object): ReturnType<Provocation> {
  return await refused("POST /endpoints", { body: JSON.stringify(body) });
}

async function refused(route: string, asked: Asked = {}): ReturnType<Provocation> {
  return await refusedBy(await started(), route, asked);
}

/** What the API answers, to `acme` unless the header `authorization` asks for something else. */
async function refusedBy(
  outhook: Outhook<AnyEvents, never>,
  route: string,
  asked: Asked = {},
): ReturnType<Provocation> {
  const handler = createHandler(outhook, {
    authenticate: ({ headers }) => {
      const who = headers.get("authorization");
      if (who === "throw") throw new Error("the session service is down");
      return who === "" ? null : { tenant: "acme", can: who === "view" ? "view" : "manage" };
    },
    rateLimit: (_, { headers }) =>
      headers.get("authorization") === "hurry" ? { retryAfterSeconds: 30 } : { ok: true },
  });
  const [method = "", path = ""] = route.split(" ");
  const { body = null } = asked;
  const headers = { ...(body !== null && { "content-type": "application/json" }), ...asked.headers };
  const response = await handler(new Request(`http://localhost${path}`, { method, headers, body }));
  const { code, detail } = JSON.parse(await response.text());
  return { code, text: detail };
}

/** What the library throws, from its construction on. */
async function thrown(
  act: (outhook: Outhook<AnyEvents, never>) => unknown,
  options: Partial<OuthookOptions<AnyEvents, never>> = {},
  { migrate = true }: { readonly migrate?: boolean } = {},
): ReturnType<Provocation> {
  try {
    const made = createOuthook({ store: memoryStore(), secretKeys: "plaintext", events, logger: silent, ...options });
    if (migrate) await made.migrate();
    await act(made);
  } catch (error) {
    if (isOuthookError(error)) return { code: error.code, text: error.message };
    throw error;
  }
  return { code: null, text: null };
}

/** What asking for a delivery again comes to, `when` it must not be. */
async function redelivered(when: "its request is open" | "its endpoint is deleted"): ReturnType<Provocation> {
  let error: unknown = null;
  let deliveryId = "";
  const redeliver = async (): Promise<void> => {
    await outhook
      .tenant("acme")
      .deliveries.redeliver(deliveryId)
      .catch((reason: unknown) => (error = reason));
  };
  const { outhook, endpoint } = await withEndpoint({
    transport: {
      send: async () => {
        const { data } = await outhook.tenant("acme").deliveries.list({ endpointId: endpoint.id });
        deliveryId = data[0]?.id ?? "";
        if (when === "its request is open") await redeliver();
        return { kind: "response", statusCode: 200, retryAfter: null, body: "" };
      },
      close: async () => undefined,
    },
  });
  await outhook.tenant("acme").send("loan.expired", {});
  await outhook.dispatcher.runOnce();
  if (when === "its endpoint is deleted") {
    await outhook.tenant("acme").endpoints.delete(endpoint.id);
    await redeliver();
  }
  if (!isOuthookError(error)) throw error;
  const text = error.message.replace(deliveryId, "dlv_0198f3c2b1e47a0d4f6b2c8e1a9d3e57");
  return { code: error.code, text: text.replace(endpoint.id, "ep_0198f3c2a7d87c3e9b1f4a6d2e5c8b07") };
}

/** With the path of a migrated SQLite file, which the texts then call `outhook.db`. */
async function withFile(act: (path: string) => ReturnType<Provocation>): ReturnType<Provocation> {
  const folder = await mkdtemp(join(tmpdir(), "outhook-errors-"));
  const path = join(folder, "outhook.db");
  try {
    const outhook = await started({ store: sqliteStore({ path }) });
    await outhook.close();
    const { code, text } = await act(path);
    return { code, text: String(text).replaceAll(`${folder}/`, "") };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
