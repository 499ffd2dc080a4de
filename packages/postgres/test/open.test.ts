import type { Claim } from "@outhook/core";
import { inspect } from "node:util";
import pg from "pg";
import { describe, expect, it, onTestFinished } from "vitest";
import { postgresStore } from "../src/index.ts";
import { runOn, useDatabase } from "./fixtures/database.ts";
import { wrapPool } from "./fixtures/wrapped-pool.ts";
import { awaiting, claimAll, identity, leaseMs, matched, message, retry, success } from "./fixtures/rows.ts";

const database = useDatabase();

async function connectionsTo(url: string): Promise<number> {
  const [row] = await runOn(url, "select count(*)::int as n from pg_stat_activity where datname = current_database()");
  return Number(row?.["n"]) - 1;
}

describe("a store with a connection string", () => {
  it("connects at the first call, keeps to maxConnections, and disconnects when it is closed", async () => {
    const before = await connectionsTo(database.url());
    const schema = database.newSchema();
    const store = postgresStore({ connectionString: database.url(), maxConnections: 2, schema });
    expect(await connectionsTo(database.url())).toBe(before);
    await store.upkeep.migrate({ identity, adopt: false });
    await Promise.all(Array.from({ length: 8 }, () => store.upkeep.identity()));
    expect(await connectionsTo(database.url())).toBe(before + 2);
    await store.close();
    await expect.poll(() => connectionsTo(database.url())).toBe(before);
  });

  it.each([
    {
      what: "nobody listens",
      change: { port: "1" },
      said: "the database cannot be reached; look whether Postgres runs",
    },
    { what: "the host has no address", change: { hostname: "no.such.host.invalid" }, said: "its name has no address" },
    { what: "there is no such database", change: { pathname: "/nowhere" }, said: "the database does not exist" },
    { what: "it does not encrypt", change: { search: "?sslmode=verify-full" }, said: "look at sslmode" },
    { what: "a certificate is missing", change: { search: "?sslrootcert=/no/such.pem" }, said: "look at sslmode" },
  ])("says that $what", async ({ change, said }) => {
    const url = new URL(database.url());
    Object.assign(url, change);
    const store = postgresStore({ connectionString: url.href });
    onTestFinished(() => store.close());
    await expect(store.upkeep.identity()).rejects.toMatchObject({
      code: "store_unavailable",
      message: expect.stringContaining(said),
    });
  });
});

it("says that a connection string is none, and not what stands in it", async () => {
  const store = postgresStore({ connectionString: "postgres://outhook:hu/sh@db:one/app" });
  onTestFinished(() => store.close());
  const call = store.upkeep.identity();
  await expect(call).rejects.toMatchObject({
    code: "store_unavailable",
    message: expect.stringContaining("must be percent-encoded"),
  });
  expect(inspect(await call.catch((error: unknown) => error))).not.toContain("hu/sh");
});

describe("options", () => {
  it.each([
    { options: {}, param: "connectionString", received: "one is needed" },
    { options: { connectionString: " " }, param: "connectionString", received: "one is needed" },
    { options: { pool: "postgres://outhook:hush@db/app" }, param: "pool", received: "must be a Pool of pg" },
    {
      options: { connectionString: "postgres://x", maxConnections: 0 },
      param: "maxConnections",
      received: "received 0",
    },
    { options: { connectionString: "postgres://x", schema: "" }, param: "schema", received: 'received ""' },
    {
      options: { connectionString: "postgres://x", schema: "s".repeat(64) },
      param: "schema",
      received: "1 to 63 bytes",
    },
    { options: { connectionString: "postgres://x", lockWaitMs: -1 }, param: "lockWaitMs", received: "received -1" },
    { options: { connectionString: "postgres://x", lockWaitMs: 0.5 }, param: "lockWaitMs", received: "received 0.5" },
  ])("such as $options are refused at construction", ({ options, param, received }) => {
    const open = () => postgresStore(options as never);
    expect(open).toThrow(expect.objectContaining({ code: "invalid_options", param }));
    expect(open).toThrow(received);
    expect(open).not.toThrow("hush");
  });
});

describe("prepared statements", () => {
  it.each([{ preparedStatements: true }, { preparedStatements: false }])(
    "are used as $preparedStatements says",
    async (options) => {
      const names = new Set<string | undefined>();
      const texts = new Set<string>();
      const pool = wrapPool(database.openPool(), (query) => {
        names.add(query.name);
        texts.add(query.text);
        return query;
      });
      const store = await database.openStore({ pool, ...options });
      await store.messages.insert({ messages: [message(1)] });
      await store.deliveries.fanOut({ messages: [matched(message(1))], leaseMs });
      await store.deliveries.settle({ settlements: (await claimAll(store)).map(success) });
      expect(names.size > 1).toBe(options.preparedStatements);
      // What is set ends with the transaction, as a pooler needs it that gives each one another connection.
      for (const text of texts) expect(text).not.toMatch(/(?:^|; )set (?!local)|listen|pg_advisory_lock/);
    },
  );
});

describe("the number of statements", () => {
  it("does not grow with the batch", async () => {
    let statements = 0;
    const pool = wrapPool(database.openPool(), (query) => {
      statements += 1;
      return query;
    });
    const store = await database.openStore({ pool, hints: false });
    const countOf = async (work: () => Promise<unknown>): Promise<number> => {
      statements = 0;
      await work();
      return statements;
    };
    await awaiting(store);
    const counts = [];
    for (const [round, size] of [1, 60].entries()) {
      const messages = Array.from({ length: size }, (_, n) => message(1_000 * round + n, { tenant: n % 7 }));
      const insert = await countOf(() => store.messages.insert({ messages }));
      const read = await countOf(() => awaiting(store));
      const fanOut = await countOf(() =>
        store.deliveries.fanOut({ messages: messages.map((one) => matched(one)), leaseMs }),
      );
      const claims: Claim[] = [];
      const claim = await countOf(async () => claims.push(...(await claimAll(store))));
      expect(claims).toHaveLength(size);
      const settle = await countOf(() => store.deliveries.settle({ settlements: claims.map(retry) }));
      const again = (await claimAll(store)).map(success);
      await store.deliveries.settle({ settlements: again });
      counts.push({ insert, read, fanOut, claim, settle });
    }
    // With begin and commit.
    const each = { insert: 3, read: 1, fanOut: 3, claim: 5, settle: 4 };
    expect(counts).toEqual([each, each]);
  });
});

describe("a database in trouble", () => {
  it("that ends idle connections fails no call and no process, also on a pool to which nobody listens", async () => {
    const pool = database.openPool();
    const store = await database.openStore({ pool });
    await Promise.all([store.upkeep.identity(), store.upkeep.identity()]);
    const others = "from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    await runOn(database.url(), `select pg_terminate_backend(pid) ${others}`);
    // Also at once, when the pool has not noticed yet.
    expect(await store.upkeep.identity()).toEqual(identity);
  });

  it("that ends the connection of a call makes it fail as store_unavailable, with nothing written", async () => {
    const pool = database.openPool();
    const schema = database.newSchema();
    const store = await database.openStore({ pool, schema });
    const blocker = await pool.connect();
    await blocker.query("begin");
    await blocker.query(`lock table "${schema.replaceAll('"', '""')}".outhook_messages in exclusive mode`);
    const call = store.messages.insert({ messages: [message(1)] });
    const waiting = "from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
    await expect.poll(() => runOn(database.url(), `select pid ${waiting}`)).toHaveLength(1);
    await Promise.all([
      expect(call).rejects.toMatchObject({ code: "store_unavailable", message: expect.stringContaining("57P01") }),
      runOn(database.url(), `select pg_terminate_backend(pid) ${waiting}`),
    ]);
    await blocker.query("rollback");
    blocker.release();
    expect(await awaiting(store)).toEqual([]);
  });

  it("that is locked by somebody else makes calls fail as store_busy after the wait", async () => {
    const pool = database.openPool();
    const schema = database.newSchema();
    const store = await database.openStore({ pool, schema, lockWaitMs: 100 });
    const admin = await pool.connect();
    await admin.query("begin");
    await admin.query(`lock table "${schema.replaceAll('"', '""')}".outhook_messages in exclusive mode`);
    const startedAt = performance.now();
    await expect(store.messages.insert({ messages: [message(1)] })).rejects.toMatchObject({ code: "store_busy" });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await admin.query("rollback");
    admin.release();
    expect(await store.messages.insert({ messages: [message(1)] })).toEqual([{ outcome: "inserted" }]);
  });

  it("that takes no writes is said to take none, and is still read", async () => {
    const schema = database.newSchema();
    await database.openStore({ schema });
    const pool = database.openPool({ options: "-c default_transaction_read_only=on" });
    const store = postgresStore({ pool, schema });
    await expect(store.messages.insert({ messages: [message(1)] })).rejects.toMatchObject({
      code: "store_unavailable",
      message: expect.stringContaining("the database takes no writes"),
    });
    expect(await awaiting(store)).toEqual([]);
  });

  it("that takes no more connections is said to take none", async () => {
    const schema = database.newSchema();
    await database.openStore({ schema });
    const role = `outhook_${crypto.randomUUID().replaceAll("-", "")}`;
    await runOn(database.url(), `create role ${role} login password 'x' connection limit 1`);
    onTestFinished(() => runOn(database.url(), `drop role ${role}`).then(() => undefined));
    const connectionString = Object.assign(new URL(database.url()), { username: role, password: "x" }).href;
    const only = new pg.Client({ connectionString });
    await only.connect();
    const store = postgresStore({ connectionString, schema });
    await expect(store.upkeep.identity()).rejects.toMatchObject({
      code: "store_unavailable",
      message: expect.stringContaining("the database takes no more connections"),
    });
    await only.end();
    // Now it gets in, and may do nothing.
    await expect(store.upkeep.identity()).rejects.toMatchObject({
      code: "store_unavailable",
      message: expect.stringContaining("grant it usage of the schema"),
    });
    await store.close();
  });
});

describe("a store that is closed", () => {
  it("throws stopped, and leaves the host its pool", async () => {
    const pool = database.openPool();
    const store = await database.openStore({ pool });
    await store.close();
    await expect(store.upkeep.identity()).rejects.toMatchObject({ code: "stopped" });
    await expect(store.messages.insert({ messages: [] })).rejects.toMatchObject({ code: "stopped" });
    expect((await pool.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    expect(pool.listenerCount("error")).toBe(0);
  });
});
