import type { Store } from "@outhook/core";
import { storeConformance } from "@outhook/testkit";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { postgresStore } from "../src/index.ts";
import { runOn, useDatabase } from "./fixtures/database.ts";
import { onOneSchema } from "./fixtures/one-schema.ts";
import type { Pooler } from "./fixtures/pooler.ts";
import { startPooler } from "./fixtures/pooler.ts";
import { awaiting, identity, message } from "./fixtures/rows.ts";

const database = useDatabase();

/** Half a minute for all of them, so that the short lane takes every fourth. */
const isDue = (_: unknown, index: number): boolean => process.env["OUTHOOK_LONG"] === "1" || index % 4 === 2;

// The pooler logs in by name alone, which a server of somebody else may not let it.
describe.skipIf(process.env["OUTHOOK_TEST_POSTGRES_URL"] !== undefined)("through a transaction-mode pooler", () => {
  let pooler: Pooler;
  let pools: readonly pg.Pool[] = [];
  beforeAll(async () => {
    pooler = await startPooler(database.url(), { connections: 4 });
    pools = Array.from({ length: 3 }, () => new pg.Pool({ connectionString: pooler.url }));
  });
  afterAll(async () => {
    for (const pool of pools) await pool.end();
    await pooler.stop();
  });

  const poolOf = (number: number): pg.Pool => pools[number % pools.length] ?? new pg.Pool();
  const open = (schema: string, number = 0): Store =>
    postgresStore({ pool: poolOf(number), schema, preparedStatements: false });

  it("one client's transactions run on different connections of the server", async () => {
    const client = new pg.Client({ connectionString: pooler.url });
    await client.connect();
    const pid = async (): Promise<unknown> => (await client.query("select pg_backend_pid() as pid")).rows[0]?.pid;
    const pids = [await pid(), await pid()];
    await client.query("begin");
    pids.push(await pid(), await pid());
    await client.query("commit");
    await client.end();
    expect(new Set(pids.slice(0, 3)).size).toBe(3);
    expect(pids[3]).toBe(pids[2]);
  });

  it("fails with the option to set, when statements are prepared", async () => {
    const pool = new pg.Pool({ connectionString: pooler.url, max: 1 });
    onTestFinished(() => pool.end());
    const schema = database.newSchema();
    const store = postgresStore({ pool, schema });
    await open(schema).upkeep.migrate({ identity, adopt: false });
    const insertSome = async () => {
      for (const n of [1, 2, 3, 4]) await store.messages.insert({ messages: [message(n)] });
    };
    await expect(insertSome()).rejects.toMatchObject({
      code: "store_unavailable",
      detail: "the database does not keep prepared statements",
      hint: expect.stringMatching(
        /postgresStore\(\{ preparedStatements: false \}\) \(prepared statement .*(26000|42P05)\)/,
      ),
    });
    // Nothing is left open behind the pooler.
    await open(schema).messages.insert({ messages: [message(5)] });
    expect((await awaiting(open(schema))).map(({ id }) => id)).toContain(message(5).id);
    const inTransaction =
      "select pid from pg_stat_activity where datname = current_database() and state ~ 'in transaction'";
    expect(await runOn(database.url(), inTransaction)).toEqual([]);
  });

  it("gives and takes no hints, which it would lose, unless that is asked for", () => {
    expect(open(database.newSchema()).messages.onInserted).toBeUndefined();
  });

  describe("without prepared statements passes the kit", () => {
    const schema = "pooled";
    beforeAll(async () => {
      await open(schema).upkeep.migrate({ identity: { environment: "conformance", partitions: 8 }, adopt: false });
    });
    const skip = [{ id: "hints", reason: "a pooler passes none on, so they are off" }];
    const openOne = (number: number): Store => open(schema, number);
    const emptied = storeConformance(
      { create: () => onOneSchema({ url: database.url(), pool: poolOf(0), schema, open: openOne }).create() },
      { skip },
    );
    const upkeep = storeConformance(
      {
        create: async () => {
          const ofCase = database.newSchema();
          return { store: open(ofCase), peer: async () => open(ofCase, 1), destroy: async () => undefined };
        },
      },
      { skip },
    );
    const cases = emptied.map((one, index) => (one.group === "upkeep" ? (upkeep[index] ?? one) : one));
    // oxlint-disable-next-line vitest/expect-expect -- the cases assert
    for (const { id, run } of cases.filter(isDue)) it(id, run);
  });
});
