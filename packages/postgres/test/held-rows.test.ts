import type { AnyEvents, Outhook } from "@outhook/core";
import { createOuthook } from "@outhook/core";
import { describe, expect, it, onTestFinished } from "vitest";
import type { PostgresTransaction } from "../src/index.ts";
import { useDatabase } from "./fixtures/database.ts";
import { beginOn } from "./fixtures/host-transaction.ts";
import { identity } from "./fixtures/rows.ts";

const database = useDatabase();

type App = {
  readonly outhook: Outhook<AnyEvents, PostgresTransaction>;
  /** The ids of the messages that were sent. */
  readonly sent: Set<string>;
  /** How often it has looked for messages to fan out. */
  readonly looks: () => number;
};

/** An app with one endpoint. */
async function openApp(lockWaitMs?: number): Promise<App> {
  const store = await database.openStore({ lockWaitMs });
  const sent = new Set<string>();
  let looks = 0;
  const awaitingFanOut: typeof store.messages.awaitingFanOut = (input) => {
    looks += 1;
    return store.messages.awaitingFanOut(input);
  };
  const outhook = createOuthook({
    store: { ...store, messages: { ...store.messages, awaitingFanOut } },
    secretKeys: "plaintext",
    environment: identity.environment,
    transport: {
      send: async ({ headers }) => {
        sent.add(headers["webhook-id"] ?? "none");
        return { kind: "response", statusCode: 200, retryAfter: null, body: "" };
      },
      close: async () => undefined,
    },
  });
  await outhook.tenant("acme").endpoints.create({ url: "https://hooks.example.com/in" });
  return { outhook, sent, looks: () => looks };
}

/** A transaction of the host that repeats the sends with these keys, and so holds their rows. */
async function holding(outhook: App["outhook"], keys: readonly string[]) {
  const host = await beginOn(database.url());
  let open = true;
  const end = async (): Promise<void> => {
    if (open) await host.rollback();
    open = false;
  };
  onTestFinished(end);
  for (const key of keys) {
    const tx = host.tx as PostgresTransaction;
    await outhook.tenant("acme").send("loan.active", { key }, { idempotencyKey: key, tx });
  }
  return { end };
}

const keysOf = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => `key-${n}`);

describe("sends while a transaction of the host holds an idempotency key", () => {
  it("are durable within two seconds, with another key or none, and the one with that key as soon as the host ends", async () => {
    const { outhook } = await openApp();
    const acme = outhook.tenant("acme");
    const host = await holding(outhook, ["held"]);
    const held = acme.send("loan.active", { key: "held" }, { idempotencyKey: "held" });
    let isWritten = false;
    void held.then(() => (isWritten = true));
    const began = performance.now();
    for (let round = 0; round < 5; round += 1) {
      const others = keysOf(40).map((key) => {
        const idempotencyKey = `${key}.${round}`;
        return [acme.send("loan.active", {}), acme.send("loan.active", {}, { idempotencyKey })];
      });
      await Promise.all(others.flat());
    }
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(isWritten).toBe(false);
    await host.end();
    expect(await held).toMatchObject({ duplicate: false });
  });

  it("fail alone after the wait for a lock", async () => {
    const { outhook } = await openApp(500);
    const acme = outhook.tenant("acme");
    await holding(outhook, ["held"]);
    const sends = [...keysOf(10), "held"].map((key) => acme.send("loan.active", { key }, { idempotencyKey: key }));
    const results = await Promise.allSettled(sends);
    expect(results.slice(0, 10).map(({ status }) => status)).toEqual(keysOf(10).map(() => "fulfilled"));
    expect(results[10]).toMatchObject({ status: "rejected", reason: { code: "store_busy" } });
    const again = await acme.send("loan.active", { key: "key-0" }, { idempotencyKey: "key-0" });
    expect(again.duplicate).toBe(true);
  });
});

describe("a dispatcher while a transaction of the host holds messages that wait for fan-out", () => {
  it("sends all others, also those behind more than it reads at once, and pauses when nothing else is left", async () => {
    const { outhook, sent, looks } = await openApp();
    const acme = outhook.tenant("acme");
    const send = async (keys: readonly string[]): Promise<readonly string[]> => {
      const sends = keys.map((key) => acme.send("loan.active", { key }, { idempotencyKey: key }));
      return (await Promise.all(sends)).map(({ id }) => id);
    };
    const held = await send(keysOf(200));
    const host = await holding(outhook, keysOf(200));
    const before = await send(keysOf(300).slice(200));
    await outhook.dispatcher.start();
    onTestFinished(() => outhook.dispatcher.stop());
    await expect.poll(() => before.filter((id) => !sent.has(id)), { timeout: 5_000 }).toEqual([]);
    const { id } = await acme.send("loan.active", {});
    await expect.poll(() => sent.has(id)).toBe(true);
    expect(sent.size).toBe(101);

    // Two pages of held messages and what is behind them make three looks of one round, and 100 ms lie between two rounds.
    const lookedBefore = looks();
    const began = performance.now();
    await expect.poll(() => performance.now() - began, { timeout: 2_000, interval: 100 }).toBeGreaterThan(1_000);
    expect(looks() - lookedBefore).toBeLessThan(60);

    await host.end();
    await expect.poll(() => held.filter((one) => !sent.has(one)), { timeout: 5_000 }).toEqual([]);
    expect(sent.size).toBe(301);
  });
});

describe("runOnce while a transaction of the host holds messages that wait for fan-out", () => {
  it("ends, and counts only what it took up", async () => {
    const { outhook, sent } = await openApp();
    const acme = outhook.tenant("acme");
    for (const key of keysOf(3)) await acme.send("loan.active", { key }, { idempotencyKey: key });
    const host = await holding(outhook, keysOf(2));
    expect(await outhook.dispatcher.runOnce()).toMatchObject({ messages: 1, attempts: 1 });
    expect(sent.size).toBe(1);
    await host.end();
    expect(await outhook.dispatcher.runOnce()).toMatchObject({ messages: 2, attempts: 2 });
  });
});
