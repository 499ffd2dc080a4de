import type { Load } from "../drain/measure.ts";
import { measureDrain } from "../drain/measure.ts";
import { openQueues } from "../drain/queues.ts";
import type { Measured } from "../drain/rounds.ts";
import { figuresOf, measureInRounds, ratioTo } from "../drain/rounds.ts";
import { commandLine, heading, versionOf } from "../heading.ts";
import { startReceiver } from "../receiver/receiver.ts";
import type { Report } from "../report.ts";
import type { Scenario } from "../scenario.ts";
import { median, spreadOf } from "../statistics.ts";

const defaults = { messages: 10_000, bytes: 1_024, rounds: 3 };
const counts = [1, 10, 100] as const;
const endpoints = 64;
const inFlight = 64;

type Case = Measured & {
  readonly engine: "outhook-sqlite" | "outhook-postgres";
  readonly patterns: (typeof counts)[number];
};

export const patterns: Scenario = {
  takes: ["store", "messages", "bytes", "rounds", "profile", "json", "save"],
  about: "deliveries a second to endpoints with 1, 10 and 100 patterns, on SQLite unless --store names another",
  run: async ({ store, profile, ...options }) => {
    const engine = store === "postgres" ? "outhook-postgres" : "outhook-sqlite";
    const messages = options.messages ?? defaults.messages;
    const load: Load = { messages, bytes: options.bytes ?? defaults.bytes, inFlight, profile };
    const rounds = options.rounds ?? defaults.rounds;
    const cases = counts.map((count): Case => ({ engine, patterns: count, found: [] }));
    const queues = await openQueues([engine]);
    const receiver = await startReceiver(endpoints);
    try {
      await measureInRounds(cases, {
        rounds,
        nameOf,
        measure: (one) => measureDrain(one.engine, { queues, receiver, load: { ...load, patterns: one.patterns } }),
      });
    } finally {
      await receiver.end();
      await queues.close();
    }
    return reportOf(cases, { load, rounds, versions: queues.versions });
  },
};

function nameOf({ engine, patterns: count }: Case): string {
  return `${engine}-${count}`;
}

function reportOf(
  cases: readonly Case[],
  run: { readonly load: Load; readonly rounds: number; readonly versions: readonly string[] },
): Report {
  const { load, rounds, versions } = run;
  const [base] = cases;
  const ratioOf = (one: Case): number => ratioTo(base ?? one, one, "cpuSecondsPer1000");
  return {
    scenario: "patterns",
    heading: heading(commandLine("patterns"), [...versions, versionOf("better-sqlite3")]),
    about: [
      `${load.messages.toLocaleString("en-US")} messages of ${load.bytes.toLocaleString("en-US")} bytes to ${endpoints} endpoints ` +
        `of as many tenants, whose last pattern is the one that matches; ${inFlight} requests in flight. Medians of ${rounds} ` +
        "rounds in alternating order with the least and the greatest; ratios are of the dispatcher's processor time, to that with one pattern, taken within a round. Every " +
        "message arrived once and has one attempt.",
    ],
    columns: ["engine", "patterns of an endpoint", "messages/s", "CPU s/1,000", "ratio"],
    rows: cases.map((one) => [
      one.engine,
      String(one.patterns),
      spreadOf(figuresOf(one, "perSecond"), 0),
      spreadOf(figuresOf(one, "cpuSecondsPer1000"), 3),
      ratioOf(one).toFixed(2),
    ]),
    bounds: [],
    notes: [],
    results: cases.map((one) => ({
      name: nameOf(one),
      perSecond: median(figuresOf(one, "perSecond")),
      ratio: ratioOf(one),
      cpuSecondsPer1000: median(figuresOf(one, "cpuSecondsPer1000")),
    })),
  };
}
