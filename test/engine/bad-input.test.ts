import type { Tenant } from "@outhook/core";
import { createOuthook, defineEvents, generateSecret, isOuthookError, memoryStore } from "@outhook/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { startEngine } from "./setup.ts";

type Acme = Tenant<ReturnType<typeof catalogue>, never>;

const url = "https://hooks.example.com/in";
const catalogue = () => defineEvents({ "loan.active": z.object({ id: z.string(), amount: z.unknown().optional() }) });
const cycle: Record<string, unknown> = {};
cycle["self"] = cycle;
/** What plain JavaScript can pass where the types forbid it. */
const named = (type: string) => type as "loan.active";
const js = (value: unknown) => value as never;

async function acmeWithCatalogue(): Promise<{ readonly acme: Acme; readonly rows: () => Promise<number> }> {
  const store = memoryStore();
  const outhook = createOuthook({ store, events: catalogue(), secretKeys: "plaintext" });
  await outhook.migrate();
  const acme = outhook.tenant("acme");
  const partitions = [...Array(64).keys()];
  return {
    acme,
    rows: async () =>
      (await store.messages.awaitingFanOut({ partitions, limit: 100 })).length +
      (await store.endpoints.list({ tenant: "acme", limit: 100 })).length,
  };
}

describe("bad input is refused with a code, the place and the fix, and nothing is written", () => {
  const send =
    (data: unknown, type = "loan.active") =>
    (acme: Acme) =>
      acme.send(named(type), data as { id: string });
  const create =
    (fields: { readonly [field: string]: unknown }) =>
    (acme: Acme): Promise<unknown> =>
      acme.endpoints.create({ url, ...fields });

  it.each([
    {
      what: "an unknown event type",
      call: send({ id: "1" }, "loan.activ"),
      code: "unknown_event_type",
      says: /loan\.active/,
    },
    { what: "an event type of 10 MB", call: send({}, "x".repeat(10_000_000)), code: "invalid_event_type", says: /256/ },
    { what: "a wrong payload", call: send({ id: 7 }), code: "invalid_payload", says: /data\.id/ },
    { what: "a BigInt", call: send({ id: "1", amount: 5n }), code: "invalid_payload", says: /data\.amount.*BigInt/ },
    { what: "a cycle", call: send({ id: "1", amount: cycle }), code: "invalid_payload", says: /data\.amount\.self/ },
    { what: "a 2 MiB body", call: send({ id: "x".repeat(2_097_152) }), code: "payload_too_large", says: /1048576/ },
    { what: "a malformed URL", call: create({ url: "https//hooks" }), code: "invalid_url", says: /url/ },
    { what: "no URL", call: create({ url: undefined }), code: "invalid_url", says: /url/ },
    {
      what: "an http:// URL",
      call: create({ url: "http://hooks.example.com" }),
      code: "invalid_url",
      says: /allowHttp/,
    },
    {
      what: "a private address",
      call: create({ url: "https://10.0.0.8/" }),
      code: "blocked_address",
      says: /network.*allow/,
    },
    {
      what: "a partial wildcard",
      call: create({ events: ["loan.pay*"] }),
      code: "invalid_events",
      says: /events\[0\].*loan\.\*/,
    },
    {
      what: "a trailing dot",
      call: create({ events: ["loan."] }),
      code: "invalid_events",
      says: /did you mean "?loan\.\*/i,
    },
    {
      what: "a pattern that matches nothing",
      call: create({ events: ["lon.*"] }),
      code: "invalid_events",
      says: /events\[0\]/,
    },
    { what: "101 patterns", call: create({ events: Array(101).fill("*") }), code: "invalid_events", says: /101.*100/ },
    {
      what: "a long description",
      call: create({ description: "x".repeat(501) }),
      code: "invalid_description",
      says: /500/,
    },
    { what: "a short timeout", call: create({ timeoutSeconds: 2 }), code: "invalid_timeout", says: /3 to 60/ },
    { what: "a limit of 0", call: create({ rateLimit: 0 }), code: "invalid_rate_limit", says: /1 to 1000, or null/ },
    { what: "negative retries", call: create({ maxRetries: -1 }), code: "invalid_max_retries", says: /0 to 50/ },
    {
      what: "metadata of numbers",
      call: create({ metadata: { a: 1 } }),
      code: "invalid_metadata",
      says: /metadata\["a"\]/,
    },
    { what: "a short secret", call: create({ secret: "whsec_c2hvcnQ=" }), code: "invalid_secret", says: /24/ },
    {
      what: "a secret of the other scheme",
      call: create({ signingVersion: "v1a", secret: generateSecret("v1") }),
      code: "invalid_secret",
      says: /v1a/,
    },
    {
      what: "a misspelt option of send",
      call: (acme: Acme) => acme.send("loan.active", { id: "1" }, js({ idempotenceKey: "k" })),
      code: "invalid_options",
      says: /idempotenceKey.*idempotencyKey/,
    },
    {
      what: "a key instead of options",
      call: (acme: Acme) => acme.send("loan.active", { id: "1" }, js("k")),
      code: "invalid_options",
      says: /"k"/,
    },
    {
      what: "nothing at all",
      call: (acme: Acme) => acme.endpoints.create(js(undefined)),
      code: "invalid_options",
      says: /url/,
    },
    { what: "a misspelt field", call: create({ event: ["*"] }), code: "invalid_options", says: /"event".*events/ },
    {
      what: "a list without an endpoint",
      call: (acme: Acme) => acme.deliveries.list(js({})),
      code: "invalid_options",
      says: /endpointId/,
    },
    {
      what: "a misspelt status",
      call: (acme: Acme) => acme.deliveries.list({ endpointId: `ep_${"0".repeat(32)}`, status: js("faild") }),
      code: "invalid_options",
      says: /"faild".*failed/,
    },
    {
      what: "a cursor that is no id",
      call: (acme: Acme) => acme.endpoints.list({ startingAfter: "nope" }),
      code: "invalid_cursor",
      says: /"nope"/,
    },
    {
      what: "an id that is no text",
      call: (acme: Acme) => acme.endpoints.get(js({})),
      code: "not_found",
      says: /an object/,
    },
    { what: "an unknown id", call: (acme: Acme) => acme.endpoints.get("ep_none"), code: "not_found", says: /ep_none/ },
    {
      what: "a hostile id",
      call: (acme: Acme) => acme.endpoints.delete("'; drop table"),
      code: "not_found",
      says: /drop table/,
    },
    {
      what: "a limit of 0",
      call: (acme: Acme) => acme.endpoints.list({ limit: 0 }),
      code: "invalid_limit",
      says: /1 to 100/,
    },
    {
      what: "an idempotency key with spaces",
      call: (acme: Acme) => acme.send("loan.active", { id: "1" }, { idempotencyKey: "a b" }),
      code: "idempotency_key_invalid",
      says: /idempotencyKey/,
    },
  ])("$what", async ({ call, code, says }) => {
    const { acme, rows } = await acmeWithCatalogue();
    const error: unknown = await call(acme).then(
      () => "it was accepted",
      (refusal: unknown) => refusal,
    );
    expect(error).toMatchObject({ name: "OuthookError", code });
    if (!isOuthookError(error)) throw error;
    expect(error.message).toMatch(says);
    expect(error.message.length).toBeLessThan(600);
    expect(await rows()).toBe(0);
  });

  it.each([undefined, null, "", " \u0000", "x".repeat(257), 7, {}])("tenant %j", async (tenant) => {
    const { outhook } = await startEngine();
    expect(() => outhook.tenant(tenant as string)).toThrow(expect.objectContaining({ code: "invalid_tenant" }));
  });

  it("shows nothing of another tenant", async () => {
    const { outhook } = await startEngine();
    const { endpoint } = await outhook.tenant("acme").endpoints.create({ url });
    const globex = outhook.tenant("globex");
    for (const call of [
      globex.endpoints.get(endpoint.id),
      globex.endpoints.update(endpoint.id, { description: "mine now" }),
      globex.endpoints.rotateSecret(endpoint.id),
      globex.endpoints.delete(endpoint.id),
    ]) {
      await expect(call).rejects.toMatchObject({ code: "not_found" });
    }
    expect(await outhook.tenant("acme").endpoints.get(endpoint.id)).toEqual(endpoint);
  });
});

describe("options", () => {
  const store = memoryStore();
  it.each([
    { options: { dispatcher: { leaseMs: 69_999 } }, says: /dispatcher\.leaseMs.*60 s/ },
    { options: { dispatcher: { concurrency: 0 } }, says: /dispatcher\.concurrency is 0/ },
    { options: { dispatcher: { perOrigin: 0 } }, says: /dispatcher\.perOrigin is 0/ },
    { options: { retry: { scheduleSeconds: [-1] } }, says: /retry\.scheduleSeconds\[0\]/ },
    { options: { network: { allow: ["10.0.0.0/33"] } }, says: /network\.allow/ },
    { options: { wire: { idPrefixes: { message: "a.b" } } }, says: /wire\.idPrefixes\.message/ },
    { options: { spread: { acme: 65 } }, says: /spread\["acme"\]/ },
    { options: { dispatcher: { pollms: 5 } }, says: /"dispatcher\.pollms" is not an option.*pollMs/ },
    { options: { network: { allowHTTP: true } }, says: /"network\.allowHTTP" is not an option/ },
    { options: { enviroment: "production" }, says: /"enviroment" is not an option/ },
    { options: { store: "x.db" }, says: /store is "x\.db"; pass a store/ },
    { options: { events: { "loan.active": z.object({}) } }, says: /defineEvents/ },
    { options: { clock: {} }, says: /clock is an object without the method now/ },
    { options: { logger: {} }, says: /logger is an object without the method warn/ },
    { options: { random: 5 }, says: /random is 5; it must be a function/ },
    { options: { environment: 5 }, says: /environment is 5/ },
    { options: { limits: 5 }, says: /limits: expected an object/ },
    { options: { secretKeys: { current: "k1", keys: {} } }, says: /secretKeys\.current/ },
  ])("$options is refused by name", ({ options, says }) => {
    const create = () => createOuthook(js({ store, secretKeys: "plaintext", ...options }));
    expect(create).toThrow(says);
    expect(create).toThrow(expect.objectContaining({ code: "invalid_options" }));
  });
});

describe("on", () => {
  it("refuses a report that does not exist", async () => {
    const { outhook } = await startEngine();
    expect(() => outhook.on(js("delivery.fail"), () => undefined)).toThrow(/"delivery\.fail".*delivery\.failed/);
    expect(() => outhook.on(js("toString"), () => undefined)).toThrow(/"toString"/);
  });
});

describe("a copy of a store", () => {
  it("is not delivered from until it is adopted", async () => {
    const production = await startEngine({ options: { environment: "production" } });
    const staging = await startEngine({ shared: production, options: { environment: "staging" } });
    const refusal = { code: "environment_mismatch", message: expect.stringMatching(/adoptEnvironment: true/) };
    await expect(staging.outhook.dispatcher.runOnce()).rejects.toMatchObject(refusal);
    await expect(staging.outhook.dispatcher.start()).rejects.toMatchObject(refusal);

    await staging.outhook.migrate({ adoptEnvironment: true });
    await staging.outhook.dispatcher.runOnce();
    await expect(production.outhook.dispatcher.runOnce()).rejects.toMatchObject({ code: "environment_mismatch" });
  });
});

describe("send", () => {
  it("takes the payload as it is at the call", async () => {
    const { outhook, sent } = await startEngine();
    const acme = outhook.tenant("acme");
    await acme.endpoints.create({ url });
    const data = { id: "before" };
    const accepted = acme.send("loan.active", data);
    data.id = "after";
    await accepted;
    await outhook.dispatcher.runOnce();
    expect(JSON.parse(sent[0]?.body ?? "")).toMatchObject({ type: "loan.active", data: { id: "before" } });
  });

  it("answers a repeated idempotency key with the first message, and refuses it for another payload", async () => {
    const { outhook, clock, sent } = await startEngine();
    const acme = outhook.tenant("acme");
    await acme.endpoints.create({ url });
    const first = await acme.send("loan.active", { id: "1" }, { idempotencyKey: "k" });
    clock.advance(1_000);
    expect(await acme.send("loan.active", { id: "1" }, { idempotencyKey: "k" })).toEqual({
      id: first.id,
      duplicate: true,
    });
    await expect(acme.send("loan.active", { id: "2" }, { idempotencyKey: "k" })).rejects.toMatchObject({
      code: "idempotency_mismatch",
    });
    const other = await outhook.tenant("globex").send("loan.active", { id: "2" }, { idempotencyKey: "k" });
    expect(other.duplicate).toBe(false);
    await outhook.dispatcher.runOnce();
    expect(sent).toHaveLength(1);
  });

  it("finds a repeated key also for a tenant that is spread over partitions", async () => {
    const { outhook } = await startEngine({ options: { spread: { acme: 16 } } });
    const acme = outhook.tenant("acme");
    for (let n = 0; n < 20; n += 1) {
      const { id } = await acme.send("loan.active", { n }, { idempotencyKey: `k${n}` });
      expect(await acme.send("loan.active", { n }, { idempotencyKey: `k${n}` })).toEqual({ id, duplicate: true });
      expect((await acme.messages.get(id)).message.id).toBe(id);
    }
  });

  it("refuses a transaction that the store cannot join", async () => {
    const { outhook } = await startEngine();
    const acme = outhook.tenant("acme");
    const tx = {} as never;
    await expect(acme.send("loan.active", {}, { tx })).rejects.toMatchObject({ code: "unsupported_transaction" });
    await expect(acme.prepare("loan.active", {})).rejects.toMatchObject({ code: "unsupported_transaction" });
  });

  it("wraps the payload as the host's envelope says", async () => {
    const envelope = ({ id, type, data }: { id: string; type: string; data: unknown }) => ({
      event: type,
      id,
      payload: data,
    });
    const { outhook, sent } = await startEngine({ options: { wire: { envelope, idPrefixes: { message: "evt_" } } } });
    await outhook.tenant("acme").endpoints.create({ url });
    const { id } = await outhook.tenant("acme").send("loan.active", { a: 1 });
    await outhook.dispatcher.runOnce();
    expect(id).toMatch(/^evt_[0-9a-f]{32}$/);
    expect(JSON.parse(sent[0]?.body ?? "")).toEqual({ event: "loan.active", id, payload: { a: 1 } });
  });
});
