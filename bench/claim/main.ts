/**
 * How long a claim takes with much and with little waiting, and with many dead rows.
 *
 * Every case is a database of its own on one server. The cases take turns claim by claim, so that all meet the same machine.
 * A ratio is that of the 99th percentiles of one round. Run it with `pnpm bench claim`. It exits 1 when the median of a
 * case's ratios is above 3.
 */
import type { Store } from "../../packages/core/src/store/index.ts";
import { postgresStore } from "../../packages/postgres/src/index.ts";
import { heading, headingText, versionOf } from "../heading.ts";
import { openServer } from "../postgres/server.ts";
import { median, quantile, spreadOf } from "../statistics.ts";
import type { Waiting } from "./fill.ts";
import { endpointOf, fill, partitions, stopVacuum } from "./fill.ts";
import { claimSize, takeTurn } from "./turn.ts";

const rounds = 4;
const turnsPerRound = 100;
const warmUpTurns = 20;
const bound = 3;

type Case = {
  readonly name: string;
  readonly waiting: Waiting;
  /** The case that it is compared with; `null` for those. */
  readonly base: string | null;
  /** What happens before it is measured. */
  readonly prepare?: (url: string, store: Store) => Promise<void>;
};

const few = { endpoints: 500, deliveries: 1_000 };
const many = { endpoints: 10_000, deliveries: 1_000_000 };

const cases: readonly Case[] = [
  { name: "1,000, all due", waiting: { ...few, due: null }, base: null },
  { name: "1,000,000, all due", waiting: { ...many, due: null }, base: "1,000, all due" },
  { name: "1,000, and 200,000 held", waiting: { ...few, due: null }, base: "1,000, all due", prepare: holdBacklog },
  { name: "1,000, after 200,000 settled", waiting: { ...few, due: null }, base: "1,000, all due", prepare: settleMany },
  { name: "1,000, 256 due", waiting: { ...few, due: 256 }, base: null },
  { name: "1,000,000, 256 due", waiting: { ...many, due: 256 }, base: "1,000, 256 due" },
];

const server = await openServer();
const stores = new Map<string, Store>();
const elapsed = new Map<string, number[][]>(cases.map(({ name }) => [name, []]));
const runId = crypto.randomUUID().slice(0, 8);
try {
  console.log(headingText(heading("claim", [`PostgreSQL ${server.version}`, versionOf("pg")])));
  for (const one of cases) stores.set(one.name, await open(one));
  for (const store of stores.values()) await takeTurns(store, warmUpTurns);
  for (let round = 0; round < rounds; round += 1) await measureRound();
} finally {
  for (const store of stores.values()) await store.close();
  for (const index of cases.keys()) await server.dropDatabase(databaseOf(index)).catch(() => undefined);
  await server.close();
}

const p99s = (name: string): readonly number[] => (elapsed.get(name) ?? []).map((times) => quantile(times, 0.99));
const p50s = (name: string): readonly number[] => (elapsed.get(name) ?? []).map((times) => quantile(times, 0.5));

let failed = false;
console.log("waiting                        p50 ms                p99 ms                p99 ratio");
for (const { name, base } of cases) {
  const ratios = base === null ? [] : p99s(name).map((p99, round) => p99 / (p99s(base)[round] ?? NaN));
  if (base !== null && !(median(ratios) <= bound)) failed = true;
  const columns = [
    name.padEnd(29),
    spreadOf(p50s(name), 1).padEnd(20),
    spreadOf(p99s(name), 1).padEnd(20),
    base === null ? "" : spreadOf(ratios, 2),
  ];
  console.log(columns.join("  ").trimEnd());
}
process.exitCode = failed ? 1 : 0;

async function measureRound(): Promise<void> {
  for (const times of elapsed.values()) times.push([]);
  for (let turn = 0; turn < turnsPerRound; turn += 1) {
    for (const [name, store] of stores)
      elapsed
        .get(name)
        ?.at(-1)
        ?.push(await takeTurn(store));
  }
}

function databaseOf(index: number): string {
  return `outhook_claim_${runId}_${index}`;
}

async function open({ name, waiting, prepare }: Case): Promise<Store> {
  const start = performance.now();
  const url = await server.createDatabase(databaseOf(cases.findIndex((one) => one.name === name)));
  const store = postgresStore({ connectionString: url, maxConnections: 2 });
  await store.upkeep.migrate({ identity: { environment: "bench", partitions }, adopt: false });
  await fill(url, waiting);
  await prepare?.(url, store);
  console.error(`${name}: ready after ${((performance.now() - start) / 1_000).toFixed(0)} s`);
  return store;
}

async function takeTurns(store: Store, turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await takeTurn(store);
}

/** One more endpoint, with 200,000 deliveries that are due, held. */
async function holdBacklog(url: string, store: Store): Promise<void> {
  const { endpointId, partition } = endpointOf(few.endpoints);
  await fill(url, { endpoints: 1, deliveries: 200_000, due: null, first: few });
  await store.deliveries.hold({ partitions: [partition], endpointId, holdMs: 3_600_000 });
}

/** So many have succeeded, and every row that was written on the way is still there, dead. */
async function settleMany(url: string, store: Store): Promise<void> {
  await stopVacuum(url);
  for (let settled = 0; settled < 200_000; settled += claimSize) await takeTurn(store, { retryEvery: null });
}
