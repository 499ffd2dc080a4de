import type { AnyEvents, Outhook, ResealOptions, SecretKeys, Store, TenantEndpoints } from "@outhook/core";
import { isOuthookError, keyIdOf } from "@outhook/core";
import { verifyRequest } from "@outhook/testkit";
import { describe, expect, it } from "vitest";
import type { Engine } from "./setup.ts";
import { startEngine } from "./setup.ts";

const url = "https://hooks.example.com/in";
const key = (name: string): string => Buffer.alloc(32, name).toString("base64");
const k1 = { k1: key("first") };
const k2 = { k2: key("second") };
const day = 24 * 60 * 60 * 1_000;

/** The same app with these keys, on the data of another. */
function withKeys(secretKeys: SecretKeys, shared?: Engine): Promise<Engine> {
  return startEngine({ ...(shared && { shared }), options: { secretKeys } });
}

const withK1 = (): Promise<Engine> => withKeys({ current: "k1", keys: k1 });
const bothNow2: SecretKeys = { current: "k2", keys: { ...k1, ...k2 } };

async function refusalOf(promise: Promise<unknown>): Promise<{ readonly code: string; readonly message: string }> {
  const error: unknown = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (isOuthookError(error)) return { code: error.code, message: error.message };
  throw new Error("it was not refused", { cause: error });
}

/** An app whose migration is refused, as it has other keys. */
async function stranger(shared: Engine, secretKeys: SecretKeys): Promise<Outhook<AnyEvents, never>> {
  const { outhook } = await startEngine({ shared, options: { secretKeys }, migrate: false });
  return outhook;
}

async function keysIn({ store, clock }: Engine): Promise<readonly string[]> {
  return (await store.secrets.keyIds({ now: clock.now() })).toSorted();
}

async function tenantIn({ store }: Engine, tenant: string): Promise<TenantEndpoints> {
  const found = (await store.endpoints.ofTenants({ tenants: [tenant] })).get(tenant);
  if (found === undefined) throw new Error(`the store did not answer for ${tenant}`);
  return found;
}

/** Sends a message and says with which of the secrets its request verifies. */
async function verifiedBy(engine: Engine, secrets: readonly string[]): Promise<readonly boolean[]> {
  await engine.outhook.tenant("acme").send("loan.active", {});
  await engine.outhook.dispatcher.runOnce();
  const request = engine.sent.at(-1);
  if (request === undefined) throw new Error("nothing was sent");
  const { headers, body } = request;
  const now = engine.clock.now();
  return secrets.map((one) => verifyRequest({ keys: [one], headers, body, now }) === "verified");
}

describe("a database with secrets of a key that is not given", () => {
  const missing = {
    code: "unknown_secret_key",
    message:
      "the database holds secrets that were sealed with a key not given here: k1; add k1 to secretKeys.keys, " +
      'or if it is gone for good say k1: "lost"',
  };

  it.each([
    { mode: "other keys", secretKeys: { current: "k2", keys: k2 } as const },
    { mode: "plaintext", secretKeys: "plaintext" as const },
  ])("is refused before anything is migrated, delivered or sealed, with $mode", async ({ secretKeys }) => {
    const engine = await withK1();
    const { endpoint } = await engine.outhook.tenant("acme").endpoints.create({ url });
    await engine.outhook.tenant("acme").send("loan.active", {});
    const { migrate, dispatcher, tenant, resealSecrets } = await stranger(engine, secretKeys);
    const { endpoints } = tenant("acme");
    const refused = [
      migrate,
      dispatcher.start,
      dispatcher.runOnce,
      () => endpoints.create({ url }),
      () => endpoints.rotateSecret(endpoint.id),
      () => endpoints.update(endpoint.id, { headers: { "x-key": "k" } }),
      resealSecrets,
    ];
    for (const call of refused) expect(await refusalOf(call())).toEqual(missing);
    expect(engine.sent).toEqual([]);
    expect(await keysIn(engine)).toEqual(["k1"]);
  });

  it("takes messages and shows what is there all the same", async () => {
    const engine = await withK1();
    const { endpoint } = await engine.outhook.tenant("acme").endpoints.create({ url });
    const { tenant } = await stranger(engine, { current: "k2", keys: k2 });
    await tenant("acme").send("loan.active", {});
    expect((await tenant("acme").endpoints.get(endpoint.id)).id).toBe(endpoint.id);
    await tenant("acme").endpoints.update(endpoint.id, { description: "new" });
    await tenant("acme").endpoints.delete(endpoint.id);
  });

  it("names every key, also of headers and of answers that are kept", async () => {
    const engine = await withK1();
    await engine.outhook.tenant("acme").endpoints.create({ url }, { idempotencyKey: "once" });
    const second = await withKeys(bothNow2, engine);
    await second.outhook.tenant("globex").endpoints.create({ url, headers: { "x-key": "k" } });
    const { message } = await refusalOf((await stranger(engine, "plaintext")).migrate());
    expect(message).toBe(
      "the database holds secrets that were sealed with keys not given here: k1, k2; add k1 and k2 to secretKeys.keys, " +
        'or if they are gone for good say k1: "lost", k2: "lost"',
    );
  });

  it("is asked again after a refusal, and not after it was found fit", async () => {
    const engine = await withK1();
    const { endpoint } = await engine.outhook.tenant("acme").endpoints.create({ url });
    let asked = 0;
    const counting: Store = {
      ...engine.store,
      secrets: {
        ...engine.store.secrets,
        keyIds: (input) => {
          asked += 1;
          return engine.store.secrets.keyIds(input);
        },
      },
    };
    const other = await stranger({ ...engine, store: counting }, { current: "k2", keys: k2 });
    const { endpoints } = other.tenant("acme");
    await refusalOf(endpoints.create({ url }));
    await engine.outhook.tenant("acme").endpoints.delete(endpoint.id);
    await Promise.all([endpoints.create({ url }), endpoints.create({ url })]);
    await other.tenant("globex").endpoints.create({ url });
    expect(asked).toBe(2);
  });

  it("is worked with when the key is said to be lost: what it sealed waits, and can be made anew", async () => {
    const engine = await withK1();
    const { endpoint } = await engine.outhook.tenant("acme").endpoints.create({ url, headers: { "x-key": "k" } });
    const heir = await withKeys({ current: "k2", keys: { ...k2, k1: "lost" } }, engine);
    const acme = heir.outhook.tenant("acme");
    const other = await acme.endpoints.create({ url: `${url}/other` });
    await acme.send("loan.active", {});
    await heir.outhook.dispatcher.runOnce({ maxMs: 0 });
    await heir.outhook.dispatcher.runOnce({ maxMs: 0 });
    expect(heir.sent.map((request) => request.url)).toEqual([other.endpoint.url]);

    const { secret } = await acme.endpoints.rotateSecret(endpoint.id, { expireCurrentInSeconds: 0 });
    await acme.endpoints.update(endpoint.id, { headers: null });
    expect(await keysIn(heir)).toEqual(["k2"]);
    heir.clock.advance(1_000);
    await heir.outhook.dispatcher.runOnce();
    expect(heir.sent.map((request) => request.url)).toEqual([other.endpoint.url, endpoint.url]);
    expect(await verifiedBy(heir, [secret, other.secret])).toContain(true);
  });
});

describe("resealing", () => {
  /** Three endpoints, one with two secrets in force, one with headers. */
  async function filled(
    secretKeys: SecretKeys,
  ): Promise<{ readonly engine: Engine; readonly secrets: readonly string[] }> {
    const engine = await withKeys(secretKeys);
    const { endpoints } = engine.outhook.tenant("acme");
    const first = await endpoints.create({ url, headers: { "x-key": "k" } });
    const { secret } = await endpoints.rotateSecret(first.endpoint.id);
    for (const tenant of ["globex", "umbrella"]) await engine.outhook.tenant(tenant).endpoints.create({ url });
    return { engine, secrets: [secret, first.secret] };
  }

  it.each([
    { from: "another key", secretKeys: { current: "k1", keys: k1 } as const, id: "k1" },
    { from: "plain text", secretKeys: "plaintext" as const, id: "plaintext" },
  ])("brings everything from $from to the current key, and requests stay the same", async ({ secretKeys, id }) => {
    const { engine, secrets } = await filled(secretKeys);
    const before = await tenantIn(engine, "acme");
    const next = await withKeys(bothNow2, engine);
    expect(await keysIn(next)).toEqual([id]);

    expect(await next.outhook.resealSecrets()).toEqual({ resealed: 5, unopened: 0, stillInUse: [] });
    expect(await keysIn(next)).toEqual(["k2"]);
    const only2 = await withKeys({ current: "k2", keys: k2 }, engine);
    expect(await verifiedBy(only2, secrets)).toEqual([true, true]);
    expect(only2.sent[0]?.headers["x-key"]).toBe("k");

    const after = await tenantIn(engine, "acme");
    expect(after.revision).toBe(before.revision);
    expect(after.endpoints.map(({ endpoint }) => ({ ...endpoint, sealedHeaders: null }))).toEqual(
      before.endpoints.map(({ endpoint }) => ({ ...endpoint, sealedHeaders: null })),
    );
  });

  it("goes on where it was cut off, and says how far it is", async () => {
    const { engine } = await filled({ current: "k1", keys: k1 });
    const { outhook } = await withKeys(bothNow2, engine);
    const progress: number[] = [];
    const options: ResealOptions = { limit: 2, onProgress: ({ resealed }) => progress.push(resealed) };
    expect(await outhook.resealSecrets(options)).toEqual({ resealed: 2, unopened: 0, stillInUse: ["k1"] });
    expect(await outhook.resealSecrets(options)).toEqual({ resealed: 2, unopened: 0, stillInUse: ["k1"] });
    expect(await outhook.resealSecrets(options)).toEqual({ resealed: 1, unopened: 0, stillInUse: [] });
    expect(await outhook.resealSecrets(options)).toEqual({ resealed: 0, unopened: 0, stillInUse: [] });
    expect(progress).toEqual([2, 2, 1]);
  });

  it("counts nothing twice when several do it at once, beside rotations", async () => {
    const { engine } = await filled({ current: "k1", keys: k1 });
    const { outhook } = await withKeys(bothNow2, engine);
    const { endpoints } = outhook.tenant("acme");
    const [endpoint] = (await endpoints.list()).data;
    const results = await Promise.all([
      outhook.resealSecrets(),
      endpoints.rotateSecret(endpoint?.id ?? ""),
      outhook.resealSecrets(),
      endpoints.update(endpoint?.id ?? "", { headers: { "x-other": "o" } }),
      outhook.resealSecrets(),
    ]);
    const resealed = results.map((result) => ("resealed" in result ? result.resealed : 0));
    expect(resealed.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(5);
    expect(await keysIn(engine)).toEqual(["k2"]);
  });

  it("leaves kept answers, whose key stays in use until they expire", async () => {
    const engine = await withK1();
    const created = await engine.outhook.tenant("acme").endpoints.create({ url }, { idempotencyKey: "once" });
    const next = await withKeys(bothNow2, engine);
    expect(await next.outhook.resealSecrets()).toMatchObject({ resealed: 1, stillInUse: ["k1"] });
    const again = await next.outhook.tenant("acme").endpoints.create({ url }, { idempotencyKey: "once" });
    expect(again.secret).toBe(created.secret);
    next.clock.advance(day);
    expect(await next.outhook.resealSecrets()).toMatchObject({ resealed: 0, stillInUse: [] });
    await withKeys({ current: "k2", keys: k2 }, engine);
  });

  it("passes over what does not open, counts and logs it, and seals the rest", async () => {
    const { engine } = await filled({ current: "k1", keys: k1 });
    const [globex] = (await tenantIn(engine, "globex")).endpoints;
    const [first] = globex?.secrets ?? [];
    if (globex === undefined || first === undefined) throw new Error("there is no secret");
    const { id } = globex.endpoint;
    const damaged = first.sealed.replace(/.$/, (last) => (last === "A" ? "B" : "A"));
    const text = { tenant: "globex", endpointId: id, secretId: first.id, sealed: first.sealed, resealed: damaged };
    expect(await engine.store.secrets.reseal({ texts: [text] })).toBe(1);
    const logged: unknown[] = [];
    const logger = { warn: () => undefined, error: (details: unknown) => logged.push(details) };
    const { outhook } = await startEngine({ shared: engine, options: { secretKeys: bothNow2, logger } });

    const result = await outhook.resealSecrets();
    expect(result).toEqual({ resealed: 4, unopened: 1, stillInUse: ["k1"] });
    expect(logged).toEqual([{ error: expect.objectContaining({ code: "internal" }), endpointId: id }]);
    const [after] = (await tenantIn(engine, "globex")).endpoints;
    expect(keyIdOf(after?.secrets[0]?.sealed ?? "")).toBe("k1");
  });

  it.each([
    { options: { limit: 0 }, param: "limit" },
    { options: { limit: 1.5 }, param: "limit" },
    { options: { onProgress: true }, param: "onProgress" },
    { options: { batch: 1 }, param: "batch" },
  ])("refuses $options", async ({ options, param }) => {
    const { outhook } = await withK1();
    const resealing = outhook.resealSecrets(options as ResealOptions);
    await expect(resealing).rejects.toMatchObject({ code: "invalid_options", param });
  });
});
