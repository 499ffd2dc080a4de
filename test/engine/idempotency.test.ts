import type { Store } from "@outhook/core";
import { defineEvents, memoryStore } from "@outhook/core";
import { sqliteStore } from "@outhook/sqlite";
import { manualClock } from "@outhook/testkit";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { withDatabase } from "../crash/processes.ts";
import type { Engine } from "./setup.ts";
import { startAt, startEngine } from "./setup.ts";

const url = "https://hooks.example.com/in";
const day = 24 * 60 * 60 * 1_000;
const secretKeys = { current: "k1", keys: { k1: Buffer.alloc(32, "key") } };

/** Stores on one set of rows: each call opens it as another process would. */
type Opened = { readonly open: () => Promise<Engine>; readonly path: string | null };

async function withStore(run: (opened: Opened) => Promise<void>, kind: string): Promise<void> {
  const clock = manualClock(startAt);
  const open = async (store: Store) => await startEngine({ shared: { store, clock }, options: { secretKeys } });
  if (kind === "memory") {
    const store = memoryStore({ now: clock.now });
    await run({ open: async () => await open(store), path: null });
    return;
  }
  await withDatabase(async (path) => {
    const opened: Engine[] = [];
    const openFile = async () => {
      const engine = await open(sqliteStore({ path }));
      opened.push(engine);
      return engine;
    };
    await run({ open: openFile, path });
    for (const { outhook } of opened) await outhook.close();
  });
}

async function countOf({ outhook }: Engine, tenant = "acme"): Promise<number> {
  return (await outhook.tenant(tenant).endpoints.list({ limit: 100 })).data.length;
}

describe.each(["memory", "SQLite"])("an idempotency key on the %s store", (kind) => {
  it("gives a create the first answer again, also through another instance", async () => {
    await withStore(async ({ open }) => {
      const first = await open();
      const input = {
        url,
        events: ["loan.*"],
        headers: { "X-Api-Key": "k" },
        metadata: { b: "2", a: "1" },
        signingVersion: "v1a",
      } as const;
      const created = await first.outhook.tenant("acme").endpoints.create(input, { idempotencyKey: "k" });
      first.clock.advance(day - 1);
      const second = await open();
      const sameInput = { ...input, metadata: { a: "1", b: "2" }, description: undefined };
      const again = await second.outhook.tenant("acme").endpoints.create(sameInput, { idempotencyKey: "k" });
      expect(again).toStrictEqual(created);
      expect(again.secret).toMatch(/^whsk_/);
      expect(await countOf(second)).toBe(1);
    }, kind);
  });

  it("gives a rotation the first answer again, its date too, and rotates once", async () => {
    await withStore(async ({ open }) => {
      const first = await open();
      const { endpoint } = await first.outhook.tenant("acme").endpoints.create({ url });
      const options = { idempotencyKey: "k", expireCurrentInSeconds: 60 };
      const rotated = await first.outhook.tenant("acme").endpoints.rotateSecret(endpoint.id, options);
      first.clock.advance(3_600_000);
      const second = await open();
      expect(await second.outhook.tenant("acme").endpoints.rotateSecret(endpoint.id, options)).toStrictEqual(rotated);
      expect(rotated.previousSecretExpiresAt).toEqual(new Date(startAt + 60_000));
      expect((await second.outhook.tenant("acme").endpoints.get(endpoint.id)).secretHint).toBe(
        `whsec_…${rotated.secret.slice(-4)}`,
      );
    }, kind);
  });

  it("gives the first answer whatever has happened since", async () => {
    await withStore(async ({ open }) => {
      const { outhook, store } = await open();
      const { endpoints } = outhook.tenant("acme");
      const input = { url, events: ["loan.*"] };
      const created = await endpoints.create(input, { idempotencyKey: "k" });
      const rotated = await endpoints.rotateSecret(created.endpoint.id, { idempotencyKey: "k" });
      await endpoints.delete(created.endpoint.id);
      const narrower = await startEngine({
        shared: { store, clock: manualClock(startAt) },
        options: {
          secretKeys,
          limits: { endpointsPerTenant: 1 },
          events: defineEvents({ "card.active": z.unknown() }),
        },
      });
      const acme = narrower.outhook.tenant("acme");
      await acme.endpoints.create({ url: `${url}/2` });
      expect(await acme.endpoints.create(input, { idempotencyKey: "k" })).toStrictEqual(created);
      expect(await acme.endpoints.rotateSecret(created.endpoint.id, { idempotencyKey: "k" })).toStrictEqual(rotated);
      await expect(acme.endpoints.create({ url })).rejects.toMatchObject({ code: "too_many_endpoints" });
    }, kind);
  });

  it("is refused with another input, and changes nothing", async () => {
    await withStore(async ({ open }) => {
      const engine = await open();
      const { endpoints } = engine.outhook.tenant("acme");
      const { endpoint, secret } = await endpoints.create({ url }, { idempotencyKey: "k" });
      const refusal = {
        code: "idempotency_mismatch",
        param: "idempotencyKey",
        detail: expect.stringMatching(/^idempotencyKey "k" was used before for another input; use a new key/),
      };
      for (const other of [{ url: `${url}/2` }, { url, events: [] }, { url, description: null }, { url: "no URL" }]) {
        await expect(endpoints.create(other, { idempotencyKey: "k" })).rejects.toMatchObject(refusal);
      }
      await endpoints.rotateSecret(endpoint.id, { idempotencyKey: "k", expireCurrentInSeconds: 60 });
      await expect(endpoints.rotateSecret(endpoint.id, { idempotencyKey: "k" })).rejects.toMatchObject(refusal);
      expect(await countOf(engine)).toBe(1);
      expect((await endpoints.create({ url }, { idempotencyKey: "k" })).secret).toBe(secret);
    }, kind);
  });

  it("belongs to one tenant, one operation and one endpoint", async () => {
    await withStore(async ({ open }) => {
      const { outhook } = await open();
      const key = { idempotencyKey: "__proto__" };
      const acme = outhook.tenant("acme").endpoints;
      const globex = outhook.tenant("globex").endpoints;
      const one = await acme.create({ url }, key);
      const other = await globex.create({ url }, key);
      const third = await acme.create({ url }, { idempotencyKey: "another" });
      const secrets = [
        one.secret,
        other.secret,
        third.secret,
        (await acme.rotateSecret(one.endpoint.id, key)).secret,
        (await acme.rotateSecret(third.endpoint.id, key)).secret,
        (await globex.rotateSecret(other.endpoint.id, key)).secret,
      ];
      expect(new Set(secrets).size).toBe(secrets.length);
      await expect(globex.rotateSecret(one.endpoint.id, key)).rejects.toMatchObject({ code: "not_found" });
    }, kind);
  });

  it("is not used up by a call that fails", async () => {
    await withStore(async ({ open }) => {
      const { outhook } = await open();
      const { endpoints } = outhook.tenant("acme");
      const key = { idempotencyKey: "k" };
      await expect(endpoints.create({ url: "http://no" }, key)).rejects.toMatchObject({ code: "invalid_url" });
      const { endpoint } = await endpoints.create({ url }, key);
      await expect(endpoints.rotateSecret(endpoint.id, { ...key, expireCurrentInSeconds: -1 })).rejects.toMatchObject({
        code: "invalid_secret",
      });
      for (let turn = 1; turn < 10; turn += 1) await endpoints.rotateSecret(endpoint.id);
      await expect(endpoints.rotateSecret(endpoint.id, key)).rejects.toMatchObject({ code: "too_many_secrets" });
      expect((await endpoints.rotateSecret(endpoint.id, { ...key, expireCurrentInSeconds: 0 })).secret).toMatch(
        /^whsec_/,
      );
    }, kind);
  });

  it("makes one endpoint of 50 calls at once from two instances, and answers them all alike", async () => {
    await withStore(async ({ open }) => {
      const [one, two] = [await open(), await open()];
      const endpointsOf = (n: number) => (n % 2 === 0 ? one : two).outhook.tenant("acme").endpoints;
      const fifty = Array.from({ length: 50 }, (_, n) => endpointsOf(n));
      const created = await Promise.all(fifty.map(({ create }) => create({ url }, { idempotencyKey: "k" })));
      for (const other of created) expect(other).toStrictEqual(created[0]);
      expect(await countOf(await open())).toBe(1);

      const id = created[0]?.endpoint.id ?? "";
      const rotated = await Promise.all(fifty.map(({ rotateSecret }) => rotateSecret(id, { idempotencyKey: "k" })));
      expect(new Set(rotated.map(({ secret }) => secret)).size).toBe(1);
      const { endpoints = [] } = (await one.store.endpoints.ofTenants({ tenants: ["acme"] })).get("acme") ?? {};
      expect(endpoints[0]?.secrets).toHaveLength(2);
    }, kind);
  });

  it("is forgotten after 24 hours", async () => {
    await withStore(async ({ open }) => {
      const engine = await open();
      const { endpoints } = engine.outhook.tenant("acme");
      const first = await endpoints.create({ url }, { idempotencyKey: "k" });
      engine.clock.advance(day);
      const second = await endpoints.create({ url: `${url}/2` }, { idempotencyKey: "k" });
      expect(second.endpoint.id).not.toBe(first.endpoint.id);
      expect(await endpoints.create({ url: `${url}/2` }, { idempotencyKey: "k" })).toStrictEqual(second);
    }, kind);
  });

  it.each([
    { key: "" },
    { key: "a b" },
    { key: "a\0b" },
    { key: "ключ" },
    { key: "k".repeat(256) },
    { key: ["a", "b"] },
    { key: null },
  ])("is refused unless it is printable ASCII: $key", async ({ key }) => {
    await withStore(async ({ open }) => {
      const engine = await open();
      await expect(
        engine.outhook.tenant("acme").endpoints.create({ url }, { idempotencyKey: key as string }),
      ).rejects.toMatchObject({ code: "idempotency_key_invalid", param: "idempotencyKey" });
      expect(await countOf(engine)).toBe(0);
    }, kind);
  });

  it("does not keep the checks from naming what is no JSON", async () => {
    await withStore(async ({ open }) => {
      const { outhook } = await open();
      const cycle: Record<string, unknown> = {};
      cycle["self"] = cycle;
      for (const description of [5n, cycle]) {
        await expect(
          outhook.tenant("acme").endpoints.create({ url, description: description as never }, { idempotencyKey: "k" }),
        ).rejects.toMatchObject({ code: "invalid_description" });
      }
    }, kind);
  });
});

describe("the database file", () => {
  it("never holds a secret or a header's value, with keys given", async () => {
    await withStore(async ({ open, path }) => {
      const { outhook } = await open();
      const { endpoints } = outhook.tenant("acme");
      const headers = { authorization: "Bearer hunter2-canary" };
      const { endpoint, secret } = await endpoints.create({ url, headers }, { idempotencyKey: "canary-key" });
      const rotated = await endpoints.rotateSecret(endpoint.id, { idempotencyKey: "k" });
      const folder = dirname(path ?? "");
      const names = await readdir(folder);
      const text = (await Promise.all(names.map((name) => readFile(join(folder, name), "latin1")))).join("");
      expect(text).toContain("canary-key");
      // The hint ends with the last four characters of a secret.
      for (const hidden of [secret.slice(6, -4), rotated.secret.slice(6, -4), "hunter2"]) {
        expect(text).not.toContain(hidden);
      }
    }, "SQLite");
  });
});
