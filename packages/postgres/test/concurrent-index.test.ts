import type { Migration } from "@outhook/sql";
import { migrations } from "@outhook/sql";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { runOn, useDatabase } from "./fixtures/database.ts";
import { upkeepOf } from "./fixtures/migrating.ts";
import type { Pooler } from "./fixtures/pooler.ts";
import { startPooler } from "./fixtures/pooler.ts";
import { identity, message } from "./fixtures/rows.ts";

const database = useDatabase();
const wanted = { identity, adopt: false } as const;
const building = "state = 'active' and query like 'create unique index concurrently%'";

/** One more migration than there is: an index that is built beside writes, which fails where a type occurs twice. */
const known: readonly Migration[] = [
  ...migrations,
  {
    id: "0099_types",
    breaking: false,
    transactional: false,
    statements: (_, at) => [
      `create unique index concurrently if not exists outhook_test_types on ${at}outhook_messages (partition, type)`,
      `create unique index concurrently if not exists outhook_test_ids on ${at}outhook_messages (partition, id, type)`,
    ],
  },
];

/** A schema as the version before left it, and how to look into it. */
async function olderSchema() {
  const schema = database.newSchema();
  const store = await database.openStore({ schema });
  const quoted = `"${schema.replaceAll('"', '""')}"`;
  const sql = (text: string) => runOn(database.url(), `set search_path = ${quoted}; ${text}`);
  return {
    schema,
    store,
    sql,
    migrated: async () => (await sql("select id from outhook_migrations order by id")).map(({ id }) => id),
    indexes: async () =>
      await sql(`select relname as name, indisvalid as valid from pg_index join pg_class on pg_class.oid = indexrelid
        where relname like 'outhook_test_%' and relnamespace = quote_ident(current_schema)::regnamespace order by 1`),
  };
}

const built = [
  { name: "outhook_test_ids", valid: true },
  { name: "outhook_test_types", valid: true },
];

/** A transaction of the host that has written a message and so keeps an index from being finished. */
async function hold(pool: pg.Pool, insert: (tx: pg.PoolClient) => Promise<unknown>): Promise<() => Promise<void>> {
  const client = await pool.connect();
  onTestFinished(() => client.release(true));
  await client.query("begin");
  await insert(client);
  return async () => {
    await client.query("commit");
  };
}

async function becomesTrue(condition: string): Promise<void> {
  const text = `select ${condition} as found`;
  await expect.poll(async () => await runOn(database.url(), text), { timeout: 10_000 }).toEqual([{ found: true }]);
}

describe("a migration that is not transactional", () => {
  it("is built once when four processes run it at once, and is then part of the schema", async () => {
    const { schema, migrated, indexes } = await olderSchema();
    const all = Array.from({ length: 4 }, () => upkeepOf(known, { pool: database.openPool(), schema }));
    const applied = await Promise.all(all.map((upkeep) => upkeep.migrate(wanted)));
    expect(applied.flat()).toEqual(["0099_types"]);
    expect(await migrated()).toContain("0099_types");
    expect(await indexes()).toEqual(built);
  });

  it("is not done while an index is half built, and is taken up where it failed", async () => {
    const { schema, store, sql, migrated, indexes } = await olderSchema();
    await store.messages.insert({ messages: [message(1), message(2)] });
    const upkeep = upkeepOf(known, { pool: database.openPool(), schema });
    for (let round = 0; round < 2; round += 1) {
      await expect(upkeep.migrate(wanted)).rejects.toThrow(/could not create unique index "outhook_test_types"/);
      expect(await indexes()).toEqual([{ name: "outhook_test_types", valid: false }]);
    }
    await expect(upkeep.identity()).rejects.toMatchObject({ code: "schema_pending" });
    // To the version that is running it is only an index.
    await sql("delete from outhook_messages");
    expect(await store.messages.insert({ messages: [message(3)] })).toEqual([{ outcome: "inserted" }]);

    expect(await upkeep.migrate(wanted)).toEqual(["0099_types"]);
    expect(await migrated()).toContain("0099_types");
    expect(await indexes()).toEqual(built);
    expect(await upkeep.migrate(wanted)).toEqual([]);
  });

  it("keeps nobody from writing while it runs, neither rows nor the vacuum of them, but others from migrating", async () => {
    const { schema, store, indexes } = await olderSchema();
    const release = await hold(database.openPool(), (tx) => store.messages.insert({ messages: [message(1)], tx }));
    const upkeep = upkeepOf(known, { pool: database.openPool(), schema });
    const migrating = upkeep.migrate(wanted);
    await becomesTrue(`exists (select from pg_stat_activity where ${building} and wait_event_type = 'Lock')`);

    const other = { ...message(2), type: "loan.closed" };
    expect(await store.messages.insert({ messages: [other] })).toEqual([{ outcome: "inserted" }]);
    const impatient = upkeepOf(known, { pool: database.openPool(), schema, lockWaitMs: 120 });
    await expect(impatient.migrate(wanted)).rejects.toMatchObject({
      code: "store_busy",
      detail: "another process is migrating this schema",
    });
    // The transaction that keeps the lock: it sees nothing, has written nothing, and may stand still.
    const keeper = `select backend_xmin, backend_xid from pg_locks join pg_stat_activity using (pid)
      where locktype = 'advisory' and datname = current_database()`;
    expect(await runOn(database.url(), keeper)).toEqual([{ backend_xmin: null, backend_xid: null }]);

    await release();
    expect(await migrating).toEqual(["0099_types"]);
    expect(await indexes()).toEqual(built);
  });

  it.each([{ whose: "the connection that builds" }, { whose: "the transaction that keeps the lock" }])(
    "goes on by itself, or when it is run again, after $whose was ended",
    async ({ whose }) => {
      const { schema, store, indexes, migrated } = await olderSchema();
      const release = await hold(database.openPool(), (tx) => store.messages.insert({ messages: [message(1)], tx }));
      const upkeep = upkeepOf(known, { pool: database.openPool(), schema });
      const migrating = upkeep.migrate(wanted).catch((error: unknown) => error);
      await becomesTrue(`exists (select from pg_stat_activity where ${building} and wait_event_type = 'Lock')`);
      const ended =
        whose === "the connection that builds"
          ? building
          : "pid in (select pid from pg_locks where locktype = 'advisory')";
      await runOn(
        database.url(),
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and ${ended}`,
      );
      await release();
      await migrating;
      await upkeep.migrate(wanted);
      expect(await indexes()).toEqual(built);
      expect(await migrated()).toContain("0099_types");
    },
  );
});

describe.skipIf(process.env["OUTHOOK_TEST_POSTGRES_URL"] !== undefined)("through a transaction-mode pooler", () => {
  let pooler: Pooler;
  beforeAll(async () => {
    pooler = await startPooler(database.url(), { connections: 4 });
  });
  afterAll(() => pooler.stop());

  it("all of it works, migrations in transactions and others, by several processes", async () => {
    const schema = database.newSchema();
    const pools = [1, 2].map(() => database.openPool({ connectionString: pooler.url }));
    const all = pools.map((pool) => upkeepOf(known, { pool, schema }));
    const applied = await Promise.all(all.map((upkeep) => upkeep.migrate(wanted)));
    expect(applied.flat().toSorted()).toEqual(known.map(({ id }) => id));
  });
});
