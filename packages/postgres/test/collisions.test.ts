import { describe, expect, it } from "vitest";
import { useDatabase } from "./fixtures/database.ts";
import { awaiting, claimAll, endpointId, leaseMs, matched, message, success } from "./fixtures/rows.ts";
import { wrapPool } from "./fixtures/wrapped-pool.ts";

const database = useDatabase();

function serializationFailure(): Error {
  return Object.assign(new Error("could not serialize access"), { code: "40001", severity: "ERROR" });
}

describe("a transaction that collides with another", () => {
  it("is run again after a deadlock, so that its caller never hears of it", async () => {
    const pool = database.openPool();
    const schema = database.newSchema();
    const store = await database.openStore({ pool, schema });
    await store.messages.insert({ messages: [message(1)] });
    await store.deliveries.fanOut({ messages: [matched(message(1))], leaseMs });
    const settlements = (await claimAll(store)).map(success);

    const host = await pool.connect();
    await host.query(
      `begin; set local deadlock_timeout = '60s'; set local search_path = "${schema.replaceAll('"', '""')}"`,
    );
    // What the settlement locks last, and then what it locks first.
    await host.query("insert into outhook_health values ($1, 0, 0)", [endpointId(0)]);
    const settling = store.deliveries.settle({ settlements });
    const waits = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
    await expect.poll(async () => (await pool.query(waits)).rows).toHaveLength(1);
    await host.query("select 1 from outhook_deliveries for update");
    await host.query("commit");
    host.release();
    expect(await settling).toMatchObject({ results: ["settled"] });
  });

  it.each([
    { what: "writes", write: true },
    { what: "reads", write: false },
  ])("is run again a few times when it $what, and ends as store_busy", async ({ write }) => {
    let failures = 3;
    let seen = 0;
    const pool = wrapPool(database.openPool(), (query) => {
      if (!/outhook_messages/.test(query.text) || /create (?:table|index|unique)/.test(query.text)) return query;
      seen += 1;
      failures -= 1;
      if (failures >= 0) throw serializationFailure();
      return query;
    });
    const store = await database.openStore({ pool });
    const call = async () => (write ? await store.messages.insert({ messages: [message(1)] }) : await awaiting(store));
    await call();
    expect(seen).toBe(4);
    seen = 0;
    failures = Infinity;
    await expect(call()).rejects.toMatchObject({ code: "store_busy" });
    expect(seen).toBe(6);
  });
});
