import type { QueryBuilder } from "@outhook/sql";
import { createQueryBuilder, endpointSteps, heartbeatSteps, logSteps, migrationSteps } from "@outhook/sql";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { postgresStore } from "../src/index.ts";
import type { Statements } from "../src/statements.ts";
import { createStatements } from "../src/statements.ts";
import { useDatabase } from "./fixtures/database.ts";
import { fill } from "./fixtures/filled.ts";
import { explain } from "./fixtures/plan.ts";
import { identity } from "./fixtures/rows.ts";

const database = useDatabase();
let pool: pg.Pool;

/** A connection keeps the plan that it made when the tables were new. */
const schemas = [
  { schema: "new", rows: 0 },
  { schema: "tiny", rows: 40 },
  { schema: "filled", rows: 20_000 },
] as const;

beforeAll(async () => {
  pool = new pg.Pool({ connectionString: database.url(), max: 1 });
  for (const { schema, rows } of schemas) {
    await postgresStore({ pool, schema }).upkeep.migrate({ identity, adopt: false });
    if (rows > 0) await fill(database.url(), schema, rows);
  }
});
afterAll(() => pool.end());

const byMessage = "outhook_messages_pkey (partition =, id =)";
const byDelivery = "outhook_deliveries_pkey (partition =, id =)";
const byQueueRow = "outhook_queue_pkey (partition =, endpoint_id =, lane =)";
const byDueTime = "outhook_deliveries_queue (partition =, endpoint_id =, lane =, due_at >=";

/** The indexes, each with the columns that it is searched by. What is only an INSERT searches nothing. */
const searches: Readonly<Record<keyof Statements, readonly string[]>> = {
  insertOne: [],
  insert: [],
  insertUnkeyed: [],
  awaiting: [byMessage, "outhook_messages_waiting (partition =)"],
  fanOut: [byMessage, byQueueRow],
  isAnyReady: ["outhook_queue_ready (partition =, ready_at <=)", "outhook_queue_served (partition =, served_at >)"],
  ready: [
    byQueueRow,
    "outhook_queue_ready (partition =, ready_at <=)",
    "outhook_queue_served (partition =, served_at >)",
  ],
  lease: [byDelivery, `${byDueTime})`, `${byDueTime}, due_at <=)`, byMessage, byQueueRow],
  settle: [byDelivery],
  health: [],
  forgetFailures: ["outhook_health_pkey (endpoint_id =)"],
  hold: [],
  endHold: [byQueueRow],
  pace: [],
  cancel: [byDelivery, "outhook_deliveries_queue (partition =, endpoint_id =)"],
  nextDue: [`${byDueTime})`, "outhook_queue_ready (partition =)", "outhook_queue_served (partition =, served_at >)"],
  deliveryState: [byDelivery],
  redeliver: [byDelivery],
};

const all = schemas
  .flatMap(({ schema }) => Object.entries(createStatements(schema)).map(([name, { sql }]) => ({ schema, name, sql })))
  // Those that run outside of transactions are planned each time, by what the tables hold then.
  .filter(({ schema, name }) => schema === "filled" || (name !== "isAnyReady" && name !== "awaiting"));

describe("the plan of every statement that runs for each batch", () => {
  it.each(all)("$name searches the indexes that are meant for it, on $schema tables", async ({ name, sql }) => {
    const meant = Object.entries(searches).find(([of]) => of === name)?.[1];
    expect(await explain(pool, sql)).toEqual({ searches: meant, scans: [] });
  });

  it.each(all)("$name looks into nothing without the partition, on $schema tables", async ({ sql }) => {
    // Health is kept by endpoint: one row, whatever partitions its deliveries lie in.
    if (sql.includes("outhook_health")) return;
    const plan = await explain(pool, sql);
    expect(plan.searches.filter((search) => !search.includes("(partition ="))).toEqual([]);
    expect(sql).toMatch(/\bpartition = (?:any \(\$|p\.|\$1|w\.|given\.)|\(partition, /);
  });

  it.each(all)("$name computes nothing that varies", ({ sql }) => {
    expect(sql).not.toMatch(/random|clock_timestamp|uuid|nextval|timeofday/i);
  });
});

describe("the plan of every statement that both databases share", () => {
  const shared: string[] = [];
  const builder = createQueryBuilder("postgres", { schema: "filled" });
  const noting: QueryBuilder = {
    ...builder,
    query: (build, columns) => {
      const query = builder.query(build, columns);
      shared.push(query.sql);
      return query;
    },
  };
  for (const steps of [endpointSteps, logSteps, heartbeatSteps, migrationSteps]) steps(noting);

  it.each([...new Set(shared)])("%s reads no table from end to end", async (sql) => {
    const { scans } = await explain(pool, sql);
    const small = ["outhook_dispatchers", "outhook_meta", "outhook_migrations"];
    expect(scans.filter((table) => !small.includes(table))).toEqual([]);
  });
});
