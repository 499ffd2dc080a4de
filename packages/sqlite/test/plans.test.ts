import type { QueryBuilder } from "@outhook/sql";
import { createQueryBuilder, endpointSteps, heartbeatSteps, logSteps, migrationSteps, schemaSql } from "@outhook/sql";
import Database from "better-sqlite3";
import { afterAll, describe, expect, it } from "vitest";
import { insertOne } from "../src/insert.ts";
import * as statements from "../src/statements.ts";

const db = new Database(":memory:");
db.exec(schemaSql("sqlite"));
afterAll(() => {
  db.close();
});

/** The indexes and the columns they are searched by. A statement that is only an INSERT looks for nothing. */
const plans: Readonly<Record<keyof typeof statements | "insertOne", readonly string[]>> = {
  insertOne: [],
  insertMessage: [],
  partitionsWaiting: [
    "SCAN p VIRTUAL TABLE",
    "SEARCH m EXISTS USING COVERING INDEX outhook_messages_waiting (partition=?)",
  ],
  waiting: [
    "SEARCH outhook_messages USING COVERING INDEX outhook_messages_waiting (partition=? AND (created_at,id)>(?,?))",
  ],
  message: ["SEARCH outhook_messages USING INDEX sqlite_autoindex_outhook_messages_1 (id=? AND partition=?)"],
  markFannedOut: ["SEARCH outhook_messages USING INDEX sqlite_autoindex_outhook_messages_1 (id=? AND partition=?)"],
  insertDelivery: [],
  holdAndPace: ["SEARCH outhook_queue USING PRIMARY KEY (partition=? AND endpoint_id=? AND lane=?)"],
  enqueue: [],
  ready: [
    "SEARCH outhook_queue USING COVERING INDEX outhook_queue_ready (ready_at<?)",
    "LIST SUBQUERY",
    "SCAN json_each VIRTUAL TABLE",
    "LIST SUBQUERY",
    "SCAN json_each VIRTUAL TABLE",
  ],
  due: [
    "SEARCH outhook_deliveries USING INDEX outhook_deliveries_queue (partition=? AND endpoint_id=? AND lane=? AND due_at<?)",
  ],
  body: ["SEARCH outhook_messages USING INDEX sqlite_autoindex_outhook_messages_1 (id=? AND partition=?)"],
  cancelOne: ["SEARCH outhook_deliveries USING PRIMARY KEY (id=? AND partition=?)"],
  lease: ["SEARCH outhook_deliveries USING PRIMARY KEY (id=? AND partition=?)"],
  chargeLost: ["SEARCH outhook_deliveries USING PRIMARY KEY (id=? AND partition=?)"],
  insertAttempt: [],
  serve: [
    "SEARCH outhook_queue USING PRIMARY KEY (partition=? AND endpoint_id=? AND lane=?)",
    "CORRELATED SCALAR SUBQUERY",
    "SEARCH d USING COVERING INDEX outhook_deliveries_queue (partition=? AND endpoint_id=? AND lane=?)",
  ],
  refresh: [
    "SEARCH outhook_queue USING PRIMARY KEY (partition=? AND endpoint_id=? AND lane=?)",
    "CORRELATED SCALAR SUBQUERY",
    "SEARCH d USING COVERING INDEX outhook_deliveries_queue (partition=? AND endpoint_id=? AND lane=?)",
  ],
  servedLater: [
    "SEARCH outhook_queue USING INDEX outhook_queue_served (served_at>?)",
    "LIST SUBQUERY",
    "SCAN json_each VIRTUAL TABLE",
  ],
  forgetServedLater: [
    "SEARCH outhook_queue USING INDEX outhook_queue_served (served_at>?)",
    "LIST SUBQUERY",
    "SCAN json_each VIRTUAL TABLE",
  ],
  settle: ["SEARCH outhook_deliveries USING PRIMARY KEY (id=? AND partition=?)"],
  health: ["SEARCH outhook_health USING PRIMARY KEY (endpoint_id=?)"],
  writeHealth: [],
  forgetFailures: ["SEARCH outhook_health USING PRIMARY KEY (endpoint_id=?)"],
  pace: [],
  hold: [],
  endHold: ["SEARCH outhook_queue USING PRIMARY KEY (partition=? AND endpoint_id=? AND lane=?)"],
  cancel: [
    "SEARCH outhook_deliveries USING PRIMARY KEY (id=? AND partition=?)",
    "LIST SUBQUERY",
    "SEARCH outhook_deliveries USING COVERING INDEX outhook_deliveries_queue (partition=? AND endpoint_id=?)",
  ],
  nextReady: [
    "SEARCH outhook_queue USING COVERING INDEX outhook_queue_ready (ready_at>?)",
    "LIST SUBQUERY",
    "SCAN json_each VIRTUAL TABLE",
  ],
  deliveryState: [
    "SEARCH outhook_deliveries USING PRIMARY KEY (id=? AND partition=?)",
    "LIST SUBQUERY",
    "SCAN json_each VIRTUAL TABLE",
  ],
  redeliver: ["SEARCH outhook_deliveries USING PRIMARY KEY (id=? AND partition=?)"],
  openManualLane: [],
};

const all = Object.entries({ ...statements, insertOne }).map(([name, { sql }]) => ({ name, sql }));

describe("the plan of every statement that runs for each batch", () => {
  it.each(all)("$name uses the index that is meant for it", ({ name, sql }) => {
    expect(planOf(sql)).toEqual(Object.entries(plans).find(([of]) => of === name)?.[1]);
  });

  // Health is kept by endpoint: one row, whatever partitions its deliveries lie in.
  it.each(all.filter(({ sql }) => !sql.includes("outhook_health")))("$name names the partition", ({ sql }) => {
    const named = sql.startsWith("insert")
      ? /\(partition, /
      : /\bpartition (?:= (?:\+?\?|p\.value)|in \(select value from json_each)/;
    expect(sql).toMatch(named);
  });

  // SQLite would look at the values of bare ones to plan, and so plan again at every run.
  it.each(all.filter(({ sql }) => /order by|limit/.test(sql) && !/limit 1\b/.test(sql)))(
    "$name marks its parameters",
    ({ sql }) => {
      expect(sql.replace(/json_each\(\?\)/g, "")).not.toMatch(/(?:order by|limit)[^]*[^+]\?|[^+]\?[^]*order by/);
    },
  );

  it.each(all.filter(({ sql }) => sql.startsWith("update")))("$name computes nothing that varies", ({ sql }) => {
    expect(sql).not.toMatch(/random|now|julianday|unixepoch|current_|datetime|strftime/i);
  });
});

describe("the plan of every statement that both databases share", () => {
  const shared: string[] = [];
  const builder = createQueryBuilder("sqlite");
  const noting: QueryBuilder = {
    ...builder,
    query: (build, columns) => {
      const query = builder.query(build, columns);
      shared.push(query.sql);
      return query;
    },
  };
  for (const steps of [endpointSteps, logSteps, heartbeatSteps, migrationSteps]) steps(noting);

  it.each([...new Set(shared)])("%s reads no table from end to end", (sql) => {
    const smallTables = ["outhook_dispatchers", "outhook_meta", "outhook_migrations"];
    const scans = planOf(sql).filter((step) => step.startsWith("SCAN") && !step.startsWith("SCAN json_each"));
    expect(scans.filter((step) => !smallTables.some((table) => step.startsWith(`SCAN ${table}`)))).toEqual([]);
    expect(planOf(sql).filter((step) => step.includes("TEMP B-TREE") && !sql.includes("outhook_secrets"))).toEqual([]);
  });

  it("an endpoint's pending deliveries are looked for in the index that has no others", () => {
    const search =
      "SEARCH outhook_deliveries USING INDEX outhook_deliveries_queue (partition=? AND endpoint_id=? AND lane=?)";
    expect(shared.filter((sql) => sql.includes("status = 'pending'")).map(planOf)).toEqual([[search]]);
  });
});

function planOf(sql: string): readonly string[] {
  const values = [...sql.matchAll(/\?/g)].map(() => "1");
  const steps = db.prepare<unknown[], { detail: string }>(`explain query plan ${sql}`).all(...values);
  return steps
    .map(({ detail }) => detail.replace(/ INDEX 1:$/, "").replace(/(SUBQUERY) \d+$/, "$1"))
    .filter((detail) => detail !== "CREATE BLOOM FILTER");
}
