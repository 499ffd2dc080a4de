import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { describe, expect, it, onTestFinished } from "vitest";
import type { PostgresTransaction } from "../src/index.ts";
import { runOn, useDatabase } from "./fixtures/database.ts";
import { awaiting, claimAll, idOf, leaseMs, matched, message } from "./fixtures/rows.ts";

const database = useDatabase();
const keyed = (n: number, payloadHash: string) => message(n, { idempotencyKey: "k", payloadHash });

/** A client of the host on which a transaction has begun. */
async function beginOn(pool: pg.Pool): Promise<pg.PoolClient> {
  const client = await pool.connect();
  onTestFinished(() => client.release(true));
  await client.query("begin");
  return client;
}

describe("an insert with a pg client as tx", () => {
  it.each([{ end: "commit" }, { end: "rollback" }])("is there after $end or not, and not before", async ({ end }) => {
    const pool = database.openPool();
    const store = await database.openStore({ pool });
    const client = await beginOn(pool);
    expect(await store.messages.insert({ messages: [message(1)], tx: client })).toEqual([{ outcome: "inserted" }]);
    expect(await awaiting(store)).toEqual([]);
    await client.query(end);
    expect(await awaiting(store)).toHaveLength(end === "commit" ? 1 : 0);
  });

  it("joins a client of no pool as well", async () => {
    const store = await database.openStore();
    const client = new pg.Client({ connectionString: database.url() });
    onTestFinished(() => client.end());
    await client.connect();
    await client.query("begin");
    await store.messages.insert({ messages: [message(1)], tx: client });
    await client.query("commit");
    expect(await awaiting(store)).toHaveLength(1);
  });

  it("is one statement among a hundred of the host's, and leaves its settings and its search path alone", async () => {
    const pool = database.openPool();
    const store = await database.openStore({ pool });
    const client = await beginOn(pool);
    await client.query("set local search_path = nowhere");
    const settings = async () => (await client.query("select name, setting from pg_settings")).rows;
    const before = await settings();
    const texts: string[] = [];
    const query = client.query.bind(client);
    const noting = Object.assign(client, {
      query: (...args: [string, unknown[]]) => {
        texts.push(args[0]);
        return query(...args);
      },
    });
    for (let n = 0; n < 99; n += 1) {
      await client.query("select 1", []);
      if (n === 50) await store.messages.insert({ messages: [keyed(1, "h")], tx: noting });
    }
    Object.assign(client, { query });
    expect(texts.filter((text) => text !== "select 1")).toEqual([expect.stringContaining("insert into")]);
    expect(texts).toHaveLength(100);
    expect(await settings()).toEqual(before);
    await client.query("commit");
  });

  it("answers each of several messages, in one statement", async () => {
    const pool = database.openPool();
    const store = await database.openStore({ pool });
    await store.messages.insert({ messages: [keyed(1, "same")] });
    const client = await beginOn(pool);
    const twice = message(6, { idempotencyKey: "other", payloadHash: "x" });
    const messages = [message(2), keyed(3, "same"), keyed(4, "another"), twice, { ...twice, id: idOf("msg_", 7) }];
    expect(await store.messages.insert({ messages, tx: client })).toEqual([
      { outcome: "inserted" },
      { outcome: "duplicate", id: idOf("msg_", 1) },
      { outcome: "mismatch", id: idOf("msg_", 1) },
      { outcome: "inserted" },
      { outcome: "duplicate", id: idOf("msg_", 6) },
    ]);
    expect(await store.messages.insert({ messages: [], tx: client })).toEqual([]);
    await client.query("commit");
  });

  it("says so when a statement of the host has failed before", async () => {
    const pool = database.openPool();
    const store = await database.openStore({ pool });
    const client = await beginOn(pool);
    await expect(client.query("select * from nowhere")).rejects.toThrow(/does not exist/);
    await expect(store.messages.insert({ messages: [message(1)], tx: client })).rejects.toMatchObject({
      code: "unsupported_transaction",
      message: expect.stringContaining("current transaction is aborted"),
    });
  });

  it("says so when the transaction is on a database without Outhook's tables", async () => {
    const store = await database.openStore();
    const client = await beginOn(database.openPool({ connectionString: database.url().replace(/[^/]+$/, "postgres") }));
    await expect(store.messages.insert({ messages: [message(1)], tx: client })).rejects.toMatchObject({
      code: "schema_pending",
    });
  });
});

describe("an insert with a Kysely Transaction as tx", () => {
  it("is there once the host commits, and leaves nothing when it rolls back", async () => {
    const pool = database.openPool();
    const store = await database.openStore({ pool });
    const host = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
    await host.transaction().execute(async (tx) => {
      await store.messages.insert({ messages: [message(1)], tx });
      expect(await awaiting(store)).toEqual([]);
    });
    const abandoned = host.transaction().execute(async (tx) => {
      await store.messages.insert({ messages: [message(2)], tx });
      throw new Error("no");
    });
    await expect(abandoned).rejects.toThrow("no");
    expect((await awaiting(store)).map(({ id }) => id)).toEqual([idOf("msg_", 1)]);
  });
});

describe("what is no transaction", () => {
  it.each([
    { what: "a pool", make: (pool: pg.Pool) => pool, named: "a pg pool, whose queries run on any connection" },
    {
      what: "a client without a transaction",
      make: async (pool: pg.Pool) => {
        const client = await pool.connect();
        onTestFinished(() => client.release());
        await client.query("select 1");
        return client;
      },
      named: "a Postgres client on which no transaction has begun",
    },
    {
      what: "a Kysely instance",
      make: (pool: pg.Pool) => new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) }),
      named: "a Kysely instance outside of a transaction",
    },
    { what: "an object", make: () => ({ begin: true }), named: "an object with the properties begin" },
    { what: "null", make: () => null, named: "null" },
    { what: "a text", make: () => "tx", named: "a value of type string" },
  ])("is refused: $what, with words on what is taken, and nothing is written", async ({ make, named }) => {
    const pool = database.openPool();
    const store = await database.openStore({ pool });
    const tx = (await make(pool)) as unknown as PostgresTransaction;
    const refused = store.messages.insert({ messages: [message(1)], tx });
    await expect(refused).rejects.toMatchObject({
      code: "unsupported_transaction",
      param: "tx",
      message: expect.stringContaining(`cannot join ${named}`),
    });
    await expect(refused).rejects.toThrow(/a client of pg on which BEGIN has run/);
    expect(await awaiting(store)).toEqual([]);
  });

  it("is refused by the compiler as well, if it is a pool", () => {
    const pool = database.openPool();
    // @ts-expect-error -- a pool is no transaction
    const tx: PostgresTransaction = pool;
    expect(tx).toBe(pool);
  });
});

describe("the statement for hosts that run it themselves", () => {
  it("records the message, and returns the row that has its key", async () => {
    const store = await database.openStore();
    const client = new pg.Client({ connectionString: database.url() });
    onTestFinished(() => client.end());
    await client.connect();
    const rows = [];
    for (const one of [message(1), keyed(2, "h"), keyed(3, "h")]) {
      const { sql, parameters } = store.messages.statement(one);
      rows.push(...(await client.query(sql, [...parameters])).rows);
    }
    expect(rows.map(({ id }) => id)).toEqual([1, 2, 2].map((n) => idOf("msg_", n)));
    expect((await awaiting(store)).map(({ id }) => id)).toEqual([1, 2].map((n) => idOf("msg_", n)));
  });
});

describe("a host's open transaction", () => {
  it("that holds the last connection makes a send without it fail after the wait, with the cause", async () => {
    const pool = database.openPool({ max: 1 });
    const store = await database.openStore({ pool, lockWaitMs: 150, hints: false });
    const client = await pool.connect();
    await client.query("begin");
    const startedAt = performance.now();
    const refused = store.messages.insert({ messages: [message(1)] });
    await expect(refused).rejects.toMatchObject({ code: "store_busy", detail: expect.not.stringContaining("pool") });
    await expect(refused).rejects.toThrow(/all connections of the pool are in use.*give it to the call as \{ tx \}/);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(149);
    await client.query("rollback");
    client.release();
    // The connection that the call waited for came to nobody.
    expect(await store.messages.insert({ messages: [message(1)] })).toEqual([{ outcome: "inserted" }]);
    expect(pool.waitingCount).toBe(0);
  });

  it("with the same key makes a send wait for its end, not for ever", async () => {
    const pool = database.openPool();
    const schema = database.newSchema();
    const hasty = await database.openStore({ pool, schema, lockWaitMs: 150 });
    const patient = await database.openStore({ pool, schema });
    const client = await beginOn(pool);
    await hasty.messages.insert({ messages: [keyed(1, "h")], tx: client });
    const refused = hasty.messages.insert({ messages: [keyed(2, "h")] });
    await expect(refused).rejects.toMatchObject({ code: "store_busy", message: expect.stringContaining("{ tx }") });
    const waiting = patient.messages.insert({ messages: [keyed(3, "h")] });
    await client.query("commit");
    expect(await waiting).toEqual([{ outcome: "duplicate", id: idOf("msg_", 1) }]);
  });

  it.each([{ when: "while it runs" }, { when: "before it" }])(
    "whose connection ends $when makes a send in it fail as store_unavailable",
    async ({ when }) => {
      const pool = database.openPool();
      const schema = database.newSchema();
      const store = await database.openStore({ schema });
      const client = await beginOn(pool);
      const ended = new Promise((resolve) => client.on("error", resolve));
      const cutOff = `select pg_terminate_backend(${(await client.query("select pg_backend_pid() as pid")).rows[0].pid})`;
      if (when === "before it") await Promise.all([ended, runOn(database.url(), cutOff)]);
      const locker = await beginOn(pool);
      await locker.query(`lock table "${schema.replaceAll('"', '""')}".outhook_messages in exclusive mode`);
      const sent = store.messages.insert({ messages: [message(1)], tx: client });
      const [refused] = await Promise.allSettled([sent, when === "before it" || runOn(database.url(), cutOff)]);
      expect(refused).toMatchObject({ reason: { code: "store_unavailable" } });
    },
  );

  it("that repeated a key does not hold up the fan-out of other messages", async () => {
    const pool = database.openPool();
    const store = await database.openStore({ pool, lockWaitMs: 1_000 });
    await store.messages.insert({ messages: [keyed(1, "h"), message(2)] });
    const client = await beginOn(pool);
    await store.messages.insert({ messages: [keyed(3, "h")], tx: client });
    const waiting = await awaiting(store);
    const fanOut = () => store.deliveries.fanOut({ messages: waiting.map((one) => matched(one)), leaseMs });
    expect(await fanOut()).toMatchObject({ created: 1 });
    await client.query("commit");
    expect(await fanOut()).toMatchObject({ created: 1 });
    expect(await claimAll(store)).toHaveLength(2);
  });
});

describe("what the host has set", () => {
  it("for all its queries, such as parsers of numbers, does not change what the store reads", async () => {
    const { INT8, TEXT } = pg.types.builtins;
    const parsers = { int8: pg.types.getTypeParser(INT8), text: pg.types.getTypeParser(TEXT) };
    onTestFinished(() => {
      pg.types.setTypeParser(INT8, parsers.int8);
      pg.types.setTypeParser(TEXT, parsers.text);
    });
    const store = await database.openStore();
    pg.types.setTypeParser(INT8, BigInt);
    pg.types.setTypeParser(TEXT, (value: string) => value.toUpperCase());
    await store.messages.insert({ messages: [message(1)] });
    const [found] = await awaiting(store);
    expect(found).toMatchObject({ createdAt: message(1).createdAt, type: "loan.active" });
    expect(pg.types.getTypeParser(INT8)).toBe(BigInt);
  });

  it("for its database, such as serializable or a time zone, does not either", async () => {
    const name = new URL(database.url()).pathname.slice(1);
    for (const setting of ["default_transaction_isolation = serializable", "timezone = 'Asia/Kathmandu'"]) {
      await runOn(database.url(), `alter database ${name} set ${setting}`);
    }
    onTestFinished(() => runOn(database.url(), `alter database ${name} reset all`).then(() => undefined));
    const store = await database.openStore();
    await store.messages.insert({ messages: [message(1)] });
    await store.deliveries.fanOut({ messages: [matched(message(1))], leaseMs });
    expect(await claimAll(store)).toHaveLength(1);
  });
});
