import { createOuthook } from "@outhook/core";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { PostgresQuery, PostgresStoreOptions } from "../src/index.ts";
import { postgresStore } from "../src/index.ts";
import { runOn, useDatabase } from "./fixtures/database.ts";
import { listenTo } from "./fixtures/listener.ts";
import { identity, message } from "./fixtures/rows.ts";
import type { TestServer } from "./fixtures/server.ts";
import { startServer } from "./fixtures/server.ts";
import { wrapPool } from "./fixtures/wrapped-pool.ts";

const database = useDatabase();

/** The connections that listen. */
async function listeningOn(url: string): Promise<readonly unknown[]> {
  const rows = await runOn(
    url,
    "select pid from pg_stat_activity where datname = current_database() and query ~ '^listen '",
  );
  return rows.map(({ pid }) => pid);
}

/** A pool that counts what its clients notify. */
function openCountedPool(config: pg.PoolConfig = {}) {
  const queries: PostgresQuery[] = [];
  const pool = wrapPool(database.openPool(config), (query) => {
    if (query.text.includes("pg_notify")) queries.push(query);
    return query;
  });
  return { pool, notified: () => queries.length };
}

describe("a dispatcher", () => {
  it("delivers at once what another process sends, however long it sleeps, and listens until it stops", async () => {
    const schema = database.newSchema();
    const [ofSender, ofReceiver] = [await database.openStore({ schema }), await database.openStore({ schema })];
    let looks = 0;
    const awaitingFanOut: typeof ofReceiver.messages.awaitingFanOut = (input) => {
      looks += 1;
      return ofReceiver.messages.awaitingFanOut(input);
    };
    let received = (): void => undefined;
    const arrived = new Promise<void>((resolve) => {
      received = resolve;
    });
    const options = { secretKeys: "plaintext", environment: identity.environment } as const;
    const sender = createOuthook({ ...options, store: ofSender });
    const receiver = createOuthook({
      ...options,
      store: { ...ofReceiver, messages: { ...ofReceiver.messages, awaitingFanOut } },
      dispatcher: { pollMs: 60_000 },
      transport: {
        send: async () => {
          received();
          return { kind: "response", statusCode: 200, retryAfter: null, body: "" };
        },
        close: async () => undefined,
      },
    });
    const acme = sender.tenant("acme");
    await acme.endpoints.create({ url: "https://hooks.example.com/in" });
    await receiver.dispatcher.start();
    // Each sleep is twice as long as the one before; from here on 2.5 s and more.
    await expect.poll(() => looks, { timeout: 20_000 }).toBeGreaterThan(9);
    expect(await listeningOn(database.url())).toHaveLength(1);
    const sentAt = performance.now();
    await acme.send("loan.active", {});
    await arrived;
    expect(performance.now() - sentAt).toBeLessThan(1_000);

    await receiver.dispatcher.stop();
    await expect.poll(() => listeningOn(database.url())).toEqual([]);
  });
});

describe("hints", () => {
  it("come again when the connection that listens was ended, after one for what was missed", async () => {
    const schema = database.newSchema();
    const [one, other] = [await database.openStore({ schema }), await database.openStore({ schema })];
    const told = await listenTo(one);
    const [pid] = await listeningOn(database.url());
    await runOn(database.url(), `select pg_terminate_backend(${String(pid)})`);
    expect(await told.next()).toBeNull();
    await other.messages.insert({ messages: [message(1, { partition: 7 })] });
    expect(await told.next()).toEqual([7]);
    await told.end();
  });

  it("are given for what the host's transaction sends too, outside of it and soon after", async () => {
    const schema = database.newSchema();
    const { pool, notified } = openCountedPool();
    const [one, other] = [await database.openStore({ schema }), await database.openStore({ schema, pool })];
    const told = await listenTo(one);
    const host = await database.openPool().connect();
    await host.query("begin");
    await other.messages.insert({ messages: [message(1, { partition: 1 })], tx: host });
    await host.query("commit");
    host.release();
    expect(notified()).toBe(0);
    expect(await told.next()).toEqual([1]);
    // A second one for those that take longer, from the store's pool as the first.
    expect(await told.next()).toEqual([1]);
    expect(notified()).toBe(2);
    await told.end();
  });

  it("are few for many inserts, and the last insert is among them", async () => {
    const schema = database.newSchema();
    const { pool, notified } = openCountedPool();
    const [one, other] = [await database.openStore({ schema }), await database.openStore({ schema, pool })];
    const told = await listenTo(one);
    const startedAt = performance.now();
    await Promise.all(
      Array.from({ length: 8 }, async (_, caller) => {
        for (let n = 0; n < 125; n += 1) {
          await other.messages.insert({ messages: [message(125 * caller + n, { partition: n % 60 })] });
        }
      }),
    );
    await other.messages.insert({ messages: [message(1_000, { partition: 63 })] });
    while (!(await told.next())?.includes(63));
    expect(notified()).toBeLessThanOrEqual(2 + (performance.now() - startedAt) / 24);
    expect(notified()).toBeLessThan(500);
    await told.end();
  });

  it("name no partition when too many to name have messages", async () => {
    const schema = database.newSchema();
    const [one, other] = [await database.openStore({ schema }), await database.openStore({ schema })];
    const told = await listenTo(one);
    await other.messages.insert({ messages: Array.from({ length: 2_000 }, (_, n) => message(n, { partition: n })) });
    expect(await told.next()).toBeNull();
    await told.end();
  });

  it("of other schemas are not heard, whatever they are called", async () => {
    const names = ["outhook", "x".repeat(63), `${"x".repeat(62)}y`, 'a "quoted" ☎ name', "Outhook"];
    const stores = await Promise.all(names.map((schema) => database.openStore({ schema })));
    const listeners = await Promise.all(stores.map(listenTo));
    for (const [n, store] of stores.entries()) {
      await store.messages.insert({ messages: [message(n, { partition: n })] });
    }
    for (const [n, told] of listeners.entries()) expect(await told.next()).toEqual([n]);
    for (const told of listeners) await told.end();
  });

  it("fail no insert and hold none up where the pool has one connection", async () => {
    const schema = database.newSchema();
    const { pool, notified } = openCountedPool({ max: 1 });
    const [one, other] = [await database.openStore({ schema }), await database.openStore({ schema, pool })];
    const told = await listenTo(one);
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => other.messages.insert({ messages: [message(n, { partition: 5 })] })),
    );
    expect(await told.next()).toEqual([5]);
    expect(notified()).toBeGreaterThan(0);
    await told.end();
  });
});

describe("the connection that listens", () => {
  it.each([{ by: "the end of listening" }, { by: "close" }])("is given back by $by", async ({ by }) => {
    const pool = database.openPool();
    const store = await database.openStore({ pool });
    const idle = pool.totalCount;
    const told = await listenTo(store);
    expect(pool.totalCount - pool.idleCount).toBe(1);
    await (by === "close" ? store.close() : told.end());
    expect(pool.totalCount - pool.idleCount).toBe(0);
    expect(pool.totalCount).toBeLessThanOrEqual(idle);
    await expect.poll(() => listeningOn(database.url())).toEqual([]);
  });

  it.each<{ where: string; listens: boolean; options: (url: string) => PostgresStoreOptions }>([
    { where: "there are hints", listens: true, options: (connectionString) => ({ connectionString }) },
    { where: "they are off", listens: false, options: (connectionString) => ({ connectionString, hints: false }) },
    {
      where: "there is a pooler",
      listens: false,
      options: (connectionString) => ({ connectionString, preparedStatements: false }),
    },
    {
      where: "there is a pooler that passes them on",
      listens: true,
      options: (connectionString) => ({ connectionString, preparedStatements: false, hints: true }),
    },
    {
      where: "the store's own pool is small",
      listens: false,
      options: (connectionString) => ({ connectionString, maxConnections: 2 }),
    },
    {
      where: "the host's pool is small",
      listens: false,
      options: (connectionString) => ({ pool: new pg.Pool({ connectionString, max: 2 }) }),
    },
    {
      where: "nobody knows how large the pool is",
      listens: false,
      options: (connectionString) => ({
        pool: { ...wrapPool(new pg.Pool({ connectionString }), (query) => query), options: undefined },
      }),
    },
  ])("is there where it is wanted and leaves enough: $listens where $where", ({ listens, options }) => {
    const { messages } = postgresStore(options(database.url()));
    expect(messages.onInserted !== undefined).toBe(listens);
  });
});

describe("a store without hints", () => {
  it("notifies nobody", async () => {
    const schema = database.newSchema();
    const { pool, notified } = openCountedPool();
    const [one, other] = [
      await database.openStore({ schema }),
      await database.openStore({ schema, pool, hints: false }),
    ];
    const told = await listenTo(one);
    await other.messages.insert({ messages: [message(1)] });
    await one.messages.insert({ messages: [message(2, { partition: 2 })] });
    expect(await told.next()).toEqual([2]);
    expect(notified()).toBe(0);
    await told.end();
  });
});

// With a server of its own. A server that somebody else runs is not restarted.
describe.skipIf(process.env["OUTHOOK_TEST_POSTGRES_URL"] !== undefined)("a restart of the database", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.destroy());

  it("is followed by a hint, and holds up nobody who stops listening meanwhile", async () => {
    const [one, other] = [1, 2].map(() => {
      const store = postgresStore({ connectionString: server.url });
      onTestFinished(() => store.close());
      return store;
    });
    if (one === undefined || other === undefined) throw new Error("there are two");
    await one.upkeep.migrate({ identity, adopt: false });
    const [told, ended] = await Promise.all([listenTo(one), listenTo(other)]);
    await server.stop("immediate");
    const late = await listenTo(other);
    const stoppedAt = performance.now();
    await Promise.all([ended.end(), late.end()]);
    expect(performance.now() - stoppedAt).toBeLessThan(1_000);
    await server.start();
    expect(await told.next()).toBeNull();
    await other.messages.insert({ messages: [message(1, { partition: 9 })] });
    expect(await told.next()).toEqual([9]);
    await told.end();
  });
});
