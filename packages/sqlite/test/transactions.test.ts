import Database from "better-sqlite3";
import { CamelCasePlugin } from "kysely";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { SqliteTransaction } from "../src/index.ts";
import { databaseFile, openStore } from "./fixtures/database-file.ts";
import { longestTurn } from "./fixtures/event-loop.ts";
import { openHost } from "./fixtures/host.ts";
import { everywhere, idOf, leaseMs, matched, message, success } from "./fixtures/rows.ts";

describe("a host's open asynchronous transaction on the same file", () => {
  it.each([{ end: "commits" }, { end: "rolls back" }])(
    "makes the store wait without blocking, and takes nothing with it when it $end",
    async ({ end }) => {
      const path = await databaseFile();
      const store = await openStore({ path });
      const host = await openHost(path);
      const first = message(1);
      await store.messages.insert({ messages: [first] });
      await store.deliveries.fanOut({ messages: [matched(first)], leaseMs });

      const { result, cpuMs, wallMs } = await longestTurn(async () => {
        const ended = host
          .transaction()
          .execute(async (tx) => {
            await tx.insertInto("orders").values({ id: "o_1" }).execute();
            await pause(150);
            if (end === "rolls back") throw new Error("the host changed its mind");
          })
          .catch(() => undefined);
        await pause(5);
        const [inserted, claims] = await Promise.all([
          store.messages.insert({ messages: [message(2), message(3)] }),
          store.deliveries.claim({ partitions: everywhere, limit: 10, perEndpoint: 10, room: new Map(), leaseMs }),
        ]);
        const settled = await store.deliveries.settle({ settlements: claims.map(success) });
        await ended;
        return { inserted, settled };
      });

      expect(result.inserted).toEqual([{ outcome: "inserted" }, { outcome: "inserted" }]);
      expect(result.settled.results).toEqual(["settled"]);
      // Waiting for the lock in SQLite would take the event loop for all of the 150 ms. What other processes take of it on
      // a busy machine does not count as processor time.
      expect(wallMs).toBeLessThan(100);
      expect(cpuMs).toBeLessThan(10);
      const waiting = await store.messages.awaitingFanOut({ partitions: everywhere, limit: 10 });
      expect(waiting.map(({ id }) => id)).toEqual([idOf("msg_", 2), idOf("msg_", 3)]);
      expect(await host.selectFrom("orders").selectAll().execute()).toHaveLength(end === "commits" ? 1 : 0);
    },
  );

  it("makes a call give up after lockWaitMs, with an error that names the cause, and nothing written", async () => {
    const path = await databaseFile();
    const store = await openStore({ path, lockWaitMs: 200 });
    const host = new Database(path);
    host.exec("begin immediate");
    const startedAt = performance.now();
    const refused = store.messages.insert({ messages: [message(1)] });
    await expect(refused).rejects.toMatchObject({ code: "store_busy", message: expect.stringContaining(path) });
    await expect(refused).rejects.toThrow(/give it to the call as \{ tx \}/);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(200);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    host.exec("rollback");
    host.close();
    expect(await store.messages.awaitingFanOut({ partitions: everywhere, limit: 10 })).toEqual([]);
  });

  it("does not keep the store from reading", async () => {
    const path = await databaseFile();
    const store = await openStore({ path, lockWaitMs: 0 });
    await store.messages.insert({ messages: [message(1)] });
    const host = new Database(path);
    host.exec("begin immediate");
    expect(await store.messages.awaitingFanOut({ partitions: everywhere, limit: 10 })).toHaveLength(1);
    host.exec("rollback");
    host.close();
  });
});

describe("an insert with tx", () => {
  const keyed = (n: number, payloadHash: string) => message(n, { idempotencyKey: "k", payloadHash });

  it("is there once the host commits, and not before", async () => {
    const path = await databaseFile();
    const store = await openStore({ path });
    const host = await openHost(path);
    const read = () => store.messages.awaitingFanOut({ partitions: everywhere, limit: 10 });
    await host.transaction().execute(async (tx) => {
      expect(await store.messages.insert({ messages: [message(1)], tx })).toEqual([{ outcome: "inserted" }]);
      expect(await read()).toEqual([]);
    });
    expect(await read()).toHaveLength(1);
  });

  it("leaves nothing when the host rolls back", async () => {
    const path = await databaseFile();
    const store = await openStore({ path });
    const host = await openHost(path);
    const abandoned = host.transaction().execute(async (tx) => {
      await store.messages.insert({ messages: [message(1)], tx });
      throw new Error("no");
    });
    await expect(abandoned).rejects.toThrow("no");
    expect(await store.messages.awaitingFanOut({ partitions: everywhere, limit: 10 })).toEqual([]);
  });

  it("is one statement, also for several messages, and answers each of them", async () => {
    const path = await databaseFile();
    const store = await openStore({ path });
    const host = await openHost(path);
    await store.messages.insert({ messages: [keyed(1, "same")] });
    await host
      .withPlugin(new CamelCasePlugin())
      .transaction()
      .execute(async (tx) => {
        let statements = 0;
        const counting: SqliteTransaction = {
          isTransaction: true,
          executeQuery: (query) => {
            statements += 1;
            return tx.executeQuery(query);
          },
        };
        const twice = message(6, { idempotencyKey: "other", payloadHash: "x" });
        const outcomes = await store.messages.insert({
          messages: [message(2), keyed(3, "same"), keyed(4, "another"), twice, { ...twice, id: idOf("msg_", 7) }],
          tx: counting,
        });
        expect(outcomes).toEqual([
          { outcome: "inserted" },
          { outcome: "duplicate", id: idOf("msg_", 1) },
          { outcome: "mismatch", id: idOf("msg_", 1) },
          { outcome: "inserted" },
          { outcome: "duplicate", id: idOf("msg_", 6) },
        ]);
        expect(statements).toBe(1);
      });
  });

  it("says so when the transaction is over", async () => {
    const path = await databaseFile();
    const store = await openStore({ path });
    const host = await openHost(path);
    const over = await host.transaction().execute(async (tx) => tx);
    await expect(store.messages.insert({ messages: [message(1)], tx: over })).rejects.toMatchObject({
      code: "unsupported_transaction",
      param: "tx",
    });
  });

  it("says so when the transaction is on a database without Outhook's tables", async () => {
    const store = await openStore({ path: await databaseFile() });
    const elsewhere = await openHost(":memory:");
    const wrong = elsewhere.transaction().execute((tx) => store.messages.insert({ messages: [message(1)], tx }));
    await expect(wrong).rejects.toMatchObject({
      code: "schema_pending",
      message: expect.stringContaining("the database of tx"),
    });
  });

  it("tells a host that read before it wrote that it cannot wait for the lock", async () => {
    const path = await databaseFile();
    const store = await openStore({ path });
    const host = await openHost(path);
    const reading = host.transaction().execute(async (tx) => {
      await tx.selectFrom("orders").selectAll().execute();
      await store.messages.insert({ messages: [message(1)] });
      return store.messages.insert({ messages: [message(2)], tx });
    });
    await expect(reading).rejects.toMatchObject({
      code: "store_busy",
      message: expect.stringContaining("BEGIN IMMEDIATE"),
    });
  });

  it.each([
    {
      what: "a better-sqlite3 Database",
      make: (path: string) => new Database(path),
      named: "a better-sqlite3 Database",
    },
    { what: "a Kysely instance", make: openHost, named: "a Kysely instance outside of a transaction" },
    {
      what: "a pg client",
      make: () => ({ query: () => undefined, release: () => undefined }),
      named: "a Postgres client",
    },
    { what: "an object", make: () => ({ begin: true }), named: "an object with the properties begin" },
    { what: "null", make: () => null, named: "null" },
    { what: "a text", make: () => "tx", named: "a value of type string" },
  ])("throws for $what and says what it takes, and nothing is written", async ({ make, named }) => {
    const path = await databaseFile();
    const store = await openStore({ path });
    const tx = (await make(path)) as unknown as SqliteTransaction;
    const refused = store.messages.insert({ messages: [message(1)], tx });
    await expect(refused).rejects.toMatchObject({
      code: "unsupported_transaction",
      param: "tx",
      message: expect.stringContaining(named),
    });
    await expect(refused).rejects.toThrow(/joins a Kysely Transaction/);
    expect(await store.messages.awaitingFanOut({ partitions: everywhere, limit: 10 })).toEqual([]);
  });
});

describe("the statement for synchronous transactions", () => {
  it("records the message when the host runs it, whether it asks for rows or not", async () => {
    const path = await databaseFile();
    const store = await openStore({ path });
    const host = new Database(path);
    for (const [index, method] of (["run", "get", "all"] as const).entries()) {
      const { sql, parameters } = store.messages.statement(message(index));
      host.transaction(() => host.prepare(sql)[method](...parameters))();
    }
    host.close();
    const waiting = await store.messages.awaitingFanOut({ partitions: everywhere, limit: 10 });
    expect(waiting.map(({ id }) => id)).toEqual([0, 1, 2].map((n) => idOf("msg_", n)));
  });
});
