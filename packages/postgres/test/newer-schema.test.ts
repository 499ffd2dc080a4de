import type { Store } from "@outhook/core";
import { migrations } from "@outhook/sql";
import type { StoreFixture } from "@outhook/testkit";
import { storeConformance } from "@outhook/testkit";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nextMigration, rewrittenTables, work } from "../../sql/test/fixtures/newer-schema.ts";
import { postgresStore } from "../src/index.ts";
import { runOn, useDatabase } from "./fixtures/database.ts";
import { upkeepOf } from "./fixtures/migrating.ts";
import { onOneSchema } from "./fixtures/one-schema.ts";

const database = useDatabase();
const identity = { environment: "conformance", partitions: 8 } as const;
/** That of a store of `database.openStore`. */
const inTest = { environment: "test" } as const;
const pools: pg.Pool[] = [];

beforeAll(() => {
  for (let n = 0; n < 2; n += 1) pools.push(new pg.Pool({ connectionString: database.url() }));
});
afterAll(async () => {
  for (const pool of pools) await pool.end();
});

const poolOf = (number: number): pg.Pool => pools[number % pools.length] ?? new pg.Pool();

async function migrateToNext(schema: string): Promise<void> {
  const upkeep = upkeepOf([...migrations, nextMigration], { pool: poolOf(0), schema });
  expect(await upkeep.migrate({ identity, adopt: false })).toEqual([nextMigration.id]);
}

/** A store that is in use when the next version migrates what it has just migrated. */
function migratedFurther(store: Store, schema: string): Store {
  const migrate: Store["upkeep"]["migrate"] = async (input) => {
    const applied = await store.upkeep.migrate(input);
    if (applied.length > 0) await migrateToNext(schema);
    return applied;
  };
  return { ...store, upkeep: { ...store.upkeep, migrate } };
}

/** Half a minute for all of them, so that the short lane takes every fourth. */
const isDue = (_: unknown, index: number): boolean => process.env["OUTHOOK_LONG"] === "1" || index % 4 === 1;

describe("this version on the schema of the next one passes the kit, on connections that it had before", () => {
  const schema = "next";
  const open = (number: number) => postgresStore({ pool: poolOf(number), schema });
  const emptied = storeConformance({
    create: () => onOneSchema({ url: database.url(), pool: poolOf(0), schema, open }).create(),
  });
  const create: StoreFixture["create"] = async () => {
    const ofCase = database.newSchema();
    const openOne = (number: number) => postgresStore({ pool: poolOf(number), schema: ofCase });
    const store = migratedFurther(openOne(0), ofCase);
    return { store, peer: async () => migratedFurther(openOne(1), ofCase), destroy: store.close };
  };
  const fresh = storeConformance({ create });

  beforeAll(async () => {
    const store = open(0);
    await store.upkeep.migrate({ identity, adopt: false });
    // Connections keep the statements of these cases prepared.
    const some = emptied.filter(({ group }, index) => group !== "upkeep" && index % 4 === 0);
    for (const { run } of some) await run();
    await migrateToNext(schema);
    await store.close();
  });
  const cases = emptied.map((one, index) => (one.group === "upkeep" ? (fresh[index] ?? one) : one));
  // oxlint-disable-next-line vitest/expect-expect -- the cases assert
  for (const { id, run } of cases.filter(isDue)) it(id, run);
});

it("this version leaves alone what the next one has written into its columns", async () => {
  const schema = database.newSchema();
  const store = await database.openStore({ schema });
  await migrateToNext(schema);
  const inSchema = (sql: string) =>
    runOn(database.url(), `set search_path = "${schema.replaceAll('"', '""')}"; ${sql}`);
  const counts = () =>
    inSchema(
      rewrittenTables
        .map(
          (table) => `select '${table}' as of, count(next_note), sum(next_count)
      from ${table} where next_note = 'kept'`,
        )
        .join(" union all "),
    );
  expect(await work(store, inTest)).toBe(2);
  await inSchema(rewrittenTables.map((table) => `update ${table} set next_note = 'kept', next_count = 1`).join("; "));
  const before = await counts();
  for (const { count } of before) expect(Number(count)).toBeGreaterThan(0);
  expect(await work(store, inTest)).toBe(2);
  expect(await work(store, inTest)).toBe(2);
  expect(await counts()).toEqual(before);
});
