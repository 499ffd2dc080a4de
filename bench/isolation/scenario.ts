import { commandLine, heading } from "../heading.ts";
import type { Bound, Report } from "../report.ts";
import { atMost } from "../report.ts";
import type { Scenario } from "../scenario.ts";
import { withSources } from "../sources.ts";
import { median, spreadOf } from "../statistics.ts";
import type { StoreSource } from "../stores.ts";
import type { Waiting } from "./measure.ts";
import { measure } from "./measure.ts";

const counts = [0, 1, 10] as const;
const load = { healthy: 100, waiting: 10_000, perSecond: 500 };
const defaults = { seconds: 15, rounds: 3 };
/** Milliseconds; times that without; connections to those that hang. */
const mostMs = 50;
const mostRatio = 2;
const mostSockets = 256;

/** What was found with so many that hang, round by round. */
type Case = { readonly store: StoreSource; readonly hanging: (typeof counts)[number]; readonly found: Waiting[] };

export const isolation: Scenario = {
  takes: ["store", "seconds", "rounds", "json", "save"],
  about: "how long healthy endpoints wait for their messages beside endpoints that never answer",
  run: async (options) => {
    const seconds = options.seconds ?? defaults.seconds;
    const rounds = options.rounds ?? defaults.rounds;
    return await withSources(options.store, async ({ stores, versions }) => {
      const cases = stores.flatMap((store) => counts.map((hanging): Case => ({ store, hanging, found: [] })));
      for (let round = 0; round < rounds; round += 1) {
        for (const { store, hanging, found } of round % 2 === 0 ? cases : cases.toReversed()) {
          const waiting = await measure(store, { ...load, seconds, hanging });
          found.push(waiting);
          console.error(`round ${round + 1}, ${store.name}, ${hanging}: ${JSON.stringify(waiting)}`);
        }
      }
      return reportOf(cases, { seconds, rounds, versions });
    });
  },
};

function reportOf(
  cases: readonly Case[],
  run: { readonly seconds: number; readonly rounds: number; readonly versions: readonly string[] },
): Report {
  const of = ({ found }: Case, figure: keyof Waiting): readonly number[] => found.map((one) => one[figure]);
  const alone = ({ store }: Case): readonly number[] =>
    cases.filter((one) => one.store === store && one.hanging === 0).flatMap((one) => of(one, "p99"));
  const ratios = (one: Case): readonly number[] => of(one, "p99").map((p99, round) => p99 / (alone(one)[round] ?? NaN));
  const boundsOf = (one: Case): readonly Bound[] => {
    const name = `${one.hanging} hanging beside ${load.healthy} healthy, ${one.store.name}`;
    return [
      atMost(`p99, ${name}`, median(of(one, "p99")), mostMs, " ms"),
      atMost(`p99, ${name}`, median(ratios(one)), mostRatio, " × without"),
      atMost(`connections, ${name}`, Math.max(...of(one, "sockets")), mostSockets, ""),
    ];
  };
  return {
    scenario: "isolation",
    heading: heading(commandLine("isolation"), run.versions),
    about: [
      `Milliseconds from the instant at which a message was to be sent until its request was read: ${load.perSecond} messages ` +
        `a second for ${run.seconds} s to ${load.healthy} healthy endpoints, alone and beside endpoints that take every request ` +
        `and never answer, each with ${load.waiting.toLocaleString("en-US")} deliveries waiting. Default options. Medians of ` +
        `${run.rounds} rounds in alternating order with the least and the greatest; ratios are taken within a round.`,
    ],
    columns: ["store", "hanging", "p50 ms", "p99 ms", "p99 ratio", "longest ms", "sockets"],
    rows: cases.map((one) => [
      one.store.name,
      String(one.hanging),
      spreadOf(of(one, "p50"), 2),
      spreadOf(of(one, "p99"), 1),
      spreadOf(ratios(one), 2),
      Math.max(...of(one, "longest")).toFixed(0),
      String(Math.max(...of(one, "sockets"))),
    ]),
    bounds: cases.filter(({ hanging }) => hanging > 0).flatMap(boundsOf),
    notes: [],
    results: cases.map((one) => ({
      name: `${one.store.kind}-${one.hanging}`,
      p50: median(of(one, "p50")),
      p99: median(of(one, "p99")),
      ratio: median(ratios(one)),
      longest: Math.max(...of(one, "longest")),
      sockets: Math.max(...of(one, "sockets")),
    })),
  };
}
