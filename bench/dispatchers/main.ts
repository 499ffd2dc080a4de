/**
 * What a delivery costs the database when one dispatcher makes it, and when sixteen share the work.
 *
 * Every round delivers the same backlog with 1, 2, 4 and 16 dispatcher processes on new databases of one server, the least
 * first or the most first in turn. Counted is the processor time of the whole server. A ratio is that of a delivery over
 * that with one dispatcher in the same round. Run it with `pnpm bench dispatchers`. It exits 1 when the median of the ratios
 * with sixteen is above 1.3.
 */
import { heading, versionOf } from "../heading.ts";
import { processorTimeOf } from "../postgres/processor-time.ts";
import { openServer } from "../postgres/server.ts";
import { median, spreadOf } from "../statistics.ts";
import type { Cost } from "./measure.ts";
import { measure } from "./measure.ts";

const rounds = 3;
const counts = [1, 2, 4, 16] as const;
const load = { warmUp: 6_000, deliveries: 20_000 };
const bound = 1.3;

const server = await openServer();
const costs = new Map<number, Cost[]>(counts.map((count) => [count, []]));
try {
  console.log(heading("dispatchers", [`PostgreSQL ${server.version}`, versionOf("pg")]));
  const processorTime = await processorTimeOf(server.url);
  for (let round = 0; round < rounds; round += 1) {
    for (const dispatchers of round % 2 === 0 ? counts : counts.toReversed()) {
      const cost = await measure(server, processorTime, { dispatchers, ...load });
      costs.get(dispatchers)?.push(cost);
      console.error(
        `round ${round + 1}, ${dispatchers}: ${cost.databaseUs.toFixed(1)} µs, ${cost.perSecond.toFixed(0)}/s`,
      );
    }
  }
} finally {
  await server.close();
}

const of = (count: number, figure: keyof Cost): readonly number[] =>
  costs.get(count)?.map((cost) => cost[figure]) ?? [];
const ratios = (count: number): readonly number[] =>
  of(count, "databaseUs").map((us, round) => us / (of(1, "databaseUs")[round] ?? NaN));

console.log("dispatchers  database µs/delivery       ratio                   deliveries/s           idle % of a core");
for (const count of counts) {
  const columns = [
    String(count).padStart(11),
    spreadOf(of(count, "databaseUs"), 1).padEnd(25),
    spreadOf(ratios(count), 2).padEnd(22),
    spreadOf(of(count, "perSecond"), 0).padEnd(21),
    spreadOf(of(count, "idlePercent"), 1).padEnd(18),
    `dispatchers ${median(of(count, "dispatcherUs")).toFixed(0)} µs, receiver ${median(of(count, "receiverUs")).toFixed(0)} µs`,
  ];
  console.log(columns.join("  "));
}
process.exitCode = median(ratios(16)) <= bound ? 0 : 1;
