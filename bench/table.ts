import type { Arguments } from "./arguments.ts";
import type { Report } from "./report.ts";
import { boundsTable, jsonOf, markdownOf } from "./report.ts";
import { saveReport } from "./save.ts";
import { scenarios } from "./scenarios.ts";

/** Runs of scenarios, each with what makes it short enough, or as long as it has to be. */
type Plan = readonly (readonly [name: string, options: Partial<Arguments>])[];

const nothingGiven: Arguments = {
  store: null,
  messages: null,
  bytes: null,
  seconds: null,
  rounds: null,
  only: null,
  profile: null,
  long: false,
  json: false,
  save: false,
};

/** All of the design's table that ten minutes are enough for. */
const short: Plan = [
  ["drain", { messages: 5_000 }],
  ["send", { messages: 10_000, rounds: 2 }],
  ["latency", { seconds: 4, rounds: 1 }],
  ["backlog", { rounds: 1 }],
  ["endpoints", { messages: 2_500, rounds: 1 }],
  ["patterns", { messages: 3_000, rounds: 1 }],
  ["isolation", { seconds: 3, rounds: 1 }],
  ["dispatchers", { messages: 3_000, rounds: 1 }],
  ["api", { seconds: 2, rounds: 1 }],
  ["idle", { seconds: 5, rounds: 1 }],
];

/** With the defaults of each, and what only time can show. */
const long: Plan = [
  ["drain", {}],
  ["drain", { bytes: 20_480, messages: 10_000 }],
  ["send", {}],
  ["latency", {}],
  ["backlog", { long: true }],
  ["endpoints", { long: true }],
  ["patterns", {}],
  ["isolation", {}],
  ["dispatchers", {}],
  ["api", {}],
  ["idle", {}],
  ["soak", {}],
];

/** Prints each report as soon as it is there, and at the end what was reached of the design's table. */
export async function runTable(options: Arguments): Promise<void> {
  const reports: Report[] = [];
  for (const [name, own] of options.long ? long : short) {
    const scenario = scenarios.get(name);
    if (scenario === undefined) continue;
    const given = { ...nothingGiven, ...own };
    const report = await timed(name, () => scenario.run(given));
    if (options.save) saveReport(report, given);
    reports.push(report);
    console.log(`${markdownOf(report)}\n`);
  }
  console.log(`# What was reached\n\n${boundsTable(reports.flatMap(({ bounds }) => bounds))}`);
  if (options.json) console.log(`\n${allJsonOf(reports)}`);
}

/** Says on the standard error how long it took. */
export async function timed<Value>(name: string, work: () => Promise<Value>): Promise<Value> {
  const start = performance.now();
  const value = await work();
  console.error(`${name} took ${((performance.now() - start) / 1_000).toFixed(0)} s`);
  return value;
}

function allJsonOf(reports: readonly Report[]): string {
  return `{"scenario":"all","results":[${reports.map(jsonOf).join(",")}]}`;
}
