import { commandLine, heading, versionOf } from "../heading.ts";
import type { Report } from "../report.ts";
import { shortly } from "../report.ts";
import type { Scenario } from "../scenario.ts";
import { withSources } from "../sources.ts";
import { median, spreadOf } from "../statistics.ts";
import type { StoreSource } from "../stores.ts";
import type { Answered } from "./measure.ts";
import { measureApi } from "./measure.ts";
import type { Route } from "./requests.ts";
import { endpoints, routes } from "./requests.ts";

const callers = 16;
const defaults = { seconds: 3, rounds: 3 };
const words: Readonly<Record<Route, string>> = {
  create: "create an endpoint",
  list: "list 25 endpoints",
  get: "get an endpoint",
};

/** The rounds of one store. */
type Case = { readonly store: StoreSource; readonly found: ReadonlyMap<Route, Answered>[] };

export const api: Scenario = {
  takes: ["store", "seconds", "rounds", "profile", "json", "save"],
  about: "endpoints created, listed and read a second over HTTP",
  run: async ({ store, seconds, rounds, profile }) => {
    const load = { seconds: seconds ?? defaults.seconds, callers, profile };
    const times = rounds ?? defaults.rounds;
    return await withSources(store, async ({ stores, versions }) => {
      const cases = stores.map((one): Case => ({ store: one, found: [] }));
      for (let round = 0; round < times; round += 1) {
        for (const { store: one, found } of round % 2 === 0 ? cases : cases.toReversed()) {
          const answered = await measureApi(one, load);
          found.push(answered);
          for (const [route, { perSecond }] of answered)
            console.error(`round ${round + 1}, ${one.name}, ${route}: ${perSecond.toFixed(0)}/s`);
        }
      }
      return reportOf(cases, { seconds: load.seconds, times, versions });
    });
  },
};

function reportOf(
  cases: readonly Case[],
  run: { readonly seconds: number; readonly times: number; readonly versions: readonly string[] },
): Report {
  const rows = cases.flatMap((one) => routes.map((route) => ({ store: one.store, route, of: figuresOf(one, route) })));
  return {
    scenario: "api",
    heading: heading(commandLine("api"), [...run.versions, versionOf("undici")]),
    about: [
      `The management API on \`node:http\` in a process of its own, called over ${callers} connections that are kept alive, ` +
        `${run.seconds} s each after a warm-up; the tenant that lists and reads has ${endpoints} endpoints. Medians of ` +
        `${run.times} rounds with the least and the greatest. Every answer had the status it must have, and every endpoint ` +
        "that was created is there.",
    ],
    columns: ["store", "request", "requests/s", "p50 ms", "p99 ms", "server CPU s/1,000"],
    rows: rows.map(({ store, route, of }) => [
      store.name,
      words[route],
      spreadOf(of("perSecond"), 0),
      shortly(median(of("p50"))),
      shortly(median(of("p99"))),
      median(of("cpuSecondsPer1000")).toFixed(3),
    ]),
    bounds: [],
    notes: [],
    results: rows.map(({ store, route, of }) => ({
      name: `${store.kind}-${route}`,
      perSecond: median(of("perSecond")),
      p50: median(of("p50")),
      p99: median(of("p99")),
      cpuSecondsPer1000: median(of("cpuSecondsPer1000")),
    })),
  };
}

function figuresOf({ found }: Case, route: Route) {
  return (figure: keyof Answered): readonly number[] =>
    found.flatMap((answered) => answered.get(route)?.[figure] ?? []);
}
