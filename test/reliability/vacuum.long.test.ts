import type { Store } from "@outhook/core";
import { createOuthook } from "@outhook/core";
import { postgresStore } from "@outhook/postgres";
import pg from "pg";
import { expect, it, onTestFinished } from "vitest";
import { readRows, useServer } from "../postgres/database.ts";

const newDatabase = useServer();
const perRound = 10_000;
const messages = 5 * perRound;
const tenants = Array.from({ length: 200 }, (_, n) => `tenant-${n}`);

it(
  "claims stay quick while a transaction that is open for long keeps vacuum from removing what is dead",
  { timeout: 600_000 },
  async () => {
    const url = await newDatabase();
    const store: Store = postgresStore({ connectionString: url });
    const claimMs: number[] = [];
    const claim: typeof store.deliveries.claim = async (input) => {
      const began = performance.now();
      const claims = await store.deliveries.claim(input);
      claimMs.push(performance.now() - began);
      return claims;
    };
    const outhook = createOuthook({
      store: { ...store, deliveries: { ...store.deliveries, claim } },
      secretKeys: "plaintext",
      transport: {
        send: async () => ({ kind: "response", statusCode: 200, retryAfter: null, body: "" }),
        close: async () => undefined,
      },
    });
    onTestFinished(() => outhook.close());
    await outhook.migrate();
    for (const tenant of tenants) await outhook.tenant(tenant).endpoints.create({ url: "https://hooks.example.com" });
    const pinning = new pg.Client({ connectionString: url });
    await pinning.connect();
    onTestFinished(() => pinning.end());
    await pinning.query("begin isolation level repeatable read");
    await pinning.query("select count(*) from outhook.outhook_messages");

    const marks: {
      readonly delivered: number;
      readonly p50Ms: number;
      readonly p99Ms: number;
      readonly claims: number;
      readonly dead: unknown;
    }[] = [];
    for (let delivered = perRound; delivered <= messages; delivered += perRound) {
      // First a backlog, so that claims have to find their way through it.
      for (let sent = 0; sent < perRound; sent += tenants.length) {
        await Promise.all(tenants.map((tenant) => outhook.tenant(tenant).send("loan.active", {})));
      }
      claimMs.length = 0;
      await outhook.dispatcher.runOnce({ maxMs: 300_000 });
      const [row] = await readRows(url, "select sum(n_dead_tup) as dead from pg_stat_user_tables");
      marks.push({
        delivered,
        p50Ms: quantile(claimMs, 0.5),
        p99Ms: quantile(claimMs, 0.99),
        claims: claimMs.length,
        dead: row?.["dead"],
      });
    }
    console.log(marks.map((mark) => JSON.stringify(mark)).join("\n"));
    expect(
      await readRows(url, "select count(*)::integer as count from outhook_deliveries where status = 'succeeded'"),
    ).toEqual([{ count: messages }]);
    expect(Number(marks.at(-1)?.dead)).toBeGreaterThan(messages);
    // Some hundred thousand dead rows on, and whatever else the machine does.
    expect(marks.at(-1)?.p50Ms).toBeLessThan(50);
  },
);

function quantile(values: readonly number[], share: number): number {
  return Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0);
}
