import { commandLine, heading } from "../heading.ts";
import type { Report } from "../report.ts";
import { atMost } from "../report.ts";
import type { Scenario } from "../scenario.ts";
import { withSources } from "../sources.ts";
import { median, spreadOf } from "../statistics.ts";
import type { Cost } from "./measure.ts";
import { measure } from "./measure.ts";

const counts = [1, 2, 4, 16] as const;
const defaults = { messages: 20_000, rounds: 3 };
const warmUpShare = 0.3;
const mostRatio = 1.3;

/** The costs of each number of dispatchers, round by round. */
type Costs = ReadonlyMap<number, readonly Cost[]>;

export const dispatchers: Scenario = {
  takes: ["messages", "rounds", "json", "save"],
  about: "what a delivery costs the database with 1, 2, 4 and 16 dispatcher processes",
  run: async (options) => {
    const deliveries = options.messages ?? defaults.messages;
    const rounds = options.rounds ?? defaults.rounds;
    const load = { deliveries, warmUp: Math.ceil(deliveries * warmUpShare) };
    return await withSources("postgres", async ({ stores: [store], versions, processorTime }) => {
      if (store === undefined || processorTime === null) throw new Error("this is measured on Postgres");
      const costs = new Map<number, Cost[]>(counts.map((count) => [count, []]));
      for (let round = 0; round < rounds; round += 1) {
        for (const count of round % 2 === 0 ? counts : counts.toReversed()) {
          const cost = await measure(store, processorTime, { dispatchers: count, ...load });
          costs.get(count)?.push(cost);
          const figures = `${cost.databaseUs.toFixed(1)} µs, ${cost.perSecond.toFixed(0)}/s`;
          console.error(`round ${round + 1}, ${count}: ${figures}`);
        }
      }
      return reportOf(costs, { deliveries, rounds, versions });
    });
  },
};

function reportOf(
  costs: Costs,
  run: { readonly deliveries: number; readonly rounds: number; readonly versions: readonly string[] },
): Report {
  const of = (count: number, figure: keyof Cost): readonly number[] =>
    costs.get(count)?.map((cost) => cost[figure]) ?? [];
  const ratios = (count: number): readonly number[] =>
    of(count, "databaseUs").map((us, round) => us / (of(1, "databaseUs")[round] ?? NaN));
  return {
    scenario: "dispatchers",
    heading: heading(commandLine("dispatchers"), run.versions),
    about: [
      `${run.deliveries.toLocaleString("en-US")} deliveries of 1,024 bytes to 256 endpoints of as many tenants by so many ` +
        "dispatcher processes with 4 connections each. Counted is the processor time of the whole server; a ratio is that of a " +
        `delivery over that with one dispatcher in the same round. Medians of ${run.rounds} rounds in alternating order with the ` +
        "least and the greatest. Every message arrived once and has one attempt.",
    ],
    columns: [
      "dispatchers",
      "database µs/delivery",
      "ratio",
      "deliveries/s",
      "idle % of a core",
      "dispatchers µs",
      "receiver µs",
    ],
    rows: counts.map((count) => [
      String(count),
      spreadOf(of(count, "databaseUs"), 1),
      spreadOf(ratios(count), 2),
      spreadOf(of(count, "perSecond"), 0),
      spreadOf(of(count, "idlePercent"), 1),
      median(of(count, "dispatcherUs")).toFixed(0),
      median(of(count, "receiverUs")).toFixed(0),
    ]),
    bounds: [atMost("database CPU a delivery, 16 dispatchers", median(ratios(16)), mostRatio, " × with 1")],
    notes: [],
    results: counts.map((count) => ({
      name: String(count),
      databaseUs: median(of(count, "databaseUs")),
      ratio: median(ratios(count)),
      perSecond: median(of(count, "perSecond")),
      idlePercent: median(of(count, "idlePercent")),
    })),
  };
}
