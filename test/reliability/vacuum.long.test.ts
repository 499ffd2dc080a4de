import type { Store } from "@outhook/core";
import { createOuthook } from "@outhook/core";
import { postgresStore } from "@outhook/postgres";
import pg from "pg";
import { expect, it, onTestFinished } from "vitest";
import { readRows, useServer } from "../postgres/database.ts";

const newDatabase = useServer();
const perRound = 20_000;
const total = 5 * perRound;
const tenants = Array.from({ length: 200 }, (_, n) => `tenant-${n}`);

it(
  "claims stay quick while a transaction that is open for long keeps vacuum from removing what is dead",
  { timeout: 600_000 },
  async () => {
    const url = await newDatabase();
    const store: Store = postgresStore({ connectionString: url });
    const took = { claim: [] as number[], look: [] as number[], settle: [] as number[] };
    const timed = async <Result>(into: number[], call: () => Promise<Result>): Promise<Result> => {
      const began = performance.now();
      const result = await call();
      into.push(performance.now() - began);
      return result;
    };
    const { messages, deliveries } = store;
    const watched: Store = {
      ...store,
      messages: { ...messages, awaitingFanOut: (input) => timed(took.look, () => messages.awaitingFanOut(input)) },
      deliveries: {
        ...deliveries,
        claim: (input) => timed(took.claim, () => deliveries.claim(input)),
        settle: (input) => timed(took.settle, () => deliveries.settle(input)),
      },
    };
    const outhook = createOuthook({
      store: watched,
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

    const marks: { readonly claimP99Ms: number; readonly dead: number }[] = [];
    for (let delivered = perRound; delivered <= total; delivered += perRound) {
      // First a backlog, so that claims have to find their way through it.
      for (let sent = 0; sent < perRound; sent += tenants.length) {
        await Promise.all(tenants.map((tenant) => outhook.tenant(tenant).send("loan.active", {})));
      }
      for (const times of Object.values(took)) times.length = 0;
      const began = performance.now();
      await outhook.dispatcher.runOnce({ maxMs: 300_000 });
      const [row] = await readRows(url, "select sum(n_dead_tup) as dead from pg_stat_user_tables");
      const mark = { claimP99Ms: quantile(took.claim, 0.99), dead: Number(row?.["dead"]) };
      marks.push(mark);
      const rest = { lookMs: quantile(took.look, 0.5), settleMs: quantile(took.settle, 0.5) };
      const perSecond = Math.round((perRound * 1_000) / (performance.now() - began));
      console.log(JSON.stringify({ delivered, ...mark, ...rest, claims: took.claim.length, perSecond }));
    }
    expect(
      await readRows(url, "select count(*)::integer as count from outhook_deliveries where status = 'succeeded'"),
    ).toEqual([{ count: total }]);
    expect(marks.at(-1)?.dead).toBeGreaterThan(total);
    // Some hundred thousand dead rows on, and whatever else the machine does.
    expect(marks.at(-1)?.claimP99Ms).toBeLessThan(50);
  },
);

function quantile(values: readonly number[], share: number): number {
  return Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0);
}
