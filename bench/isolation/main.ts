/**
 * How long healthy endpoints wait for their messages while others hang: 100 healthy ones that get 500 messages a second, alone
 * and beside endpoints that take every request and never answer, each with 10,000 deliveries waiting.
 *
 * Every round runs each number of hanging endpoints on a store of its own, the least first or the most first in turn. A
 * ratio is that of the p99 over the p99 without hanging ones in the same round. Run it with `pnpm bench isolation`, with
 * `sqlite` or `postgres` for one of the two. It exits 1 when the median of the p99 is above 50 ms, or that of the ratios
 * above 2, or when more connections were open than the dispatcher may have.
 */
import { heading, versionOf } from "../heading.ts";
import { openServer } from "../postgres/server.ts";
import { median, spreadOf } from "../statistics.ts";
import type { Waiting } from "./measure.ts";
import { measure } from "./measure.ts";
import type { StoreSource } from "./stores.ts";
import { onPostgres, onSqlite } from "./stores.ts";

const rounds = 3;
const counts = [0, 1, 10] as const;
const load = { healthy: 100, waiting: 10_000, perSecond: 500, seconds: 15 };
/** Milliseconds; times that without; connections to those that hang. */
const bounds = { p99: 50, ratio: 2, sockets: 256 };

const [only] = process.argv.slice(2);
const server = only === "sqlite" ? null : await openServer();
const sources: readonly StoreSource[] = [
  ...(only === "postgres" ? [] : [onSqlite]),
  ...(server === null ? [] : [onPostgres(server)]),
];
const versions = [versionOf("better-sqlite3"), ...(server === null ? [] : [`PostgreSQL ${server.version}`])];
let failed = false;
try {
  console.log(heading("isolation", versions));
  console.log(
    "store       hanging  p50 ms                  p99 ms                  p99 ratio            longest ms  sockets",
  );
  for (const source of sources) {
    const results = await measureAll(source);
    for (const hanging of counts) report(source.name, hanging, results);
  }
} finally {
  await server?.close();
}
process.exitCode = failed ? 1 : 0;

async function measureAll(source: StoreSource): Promise<ReadonlyMap<number, readonly Waiting[]>> {
  const results = new Map<number, Waiting[]>(counts.map((count) => [count, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const hanging of round % 2 === 0 ? counts : counts.toReversed()) {
      const waiting = await measure(source, { ...load, hanging });
      results.get(hanging)?.push(waiting);
      console.error(`round ${round + 1}, ${source.name}, ${hanging}: ${JSON.stringify(waiting)}`);
    }
  }
  return results;
}

function report(name: string, hanging: number, results: ReadonlyMap<number, readonly Waiting[]>): void {
  const of = (count: number, figure: keyof Waiting): readonly number[] =>
    results.get(count)?.map((waiting) => waiting[figure]) ?? [];
  const p99 = of(hanging, "p99");
  const ratios = p99.map((ms, round) => ms / (of(0, "p99")[round] ?? NaN));
  const sockets = Math.max(...of(hanging, "sockets"));
  const columns = [
    name.padEnd(10),
    String(hanging).padStart(7),
    spreadOf(of(hanging, "p50"), 2).padEnd(22),
    spreadOf(p99, 1).padEnd(22),
    spreadOf(ratios, 2).padEnd(19),
    String(Math.round(Math.max(...of(hanging, "longest")))).padStart(10),
    String(sockets).padStart(7),
  ];
  console.log(columns.join("  "));
  const isOver = median(p99) > bounds.p99 || median(ratios) > bounds.ratio;
  if (sockets > bounds.sockets || (hanging > 0 && isOver)) failed = true;
}
