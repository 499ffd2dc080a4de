import type { Load } from "../drain/measure.ts";
import { measureDrain } from "../drain/measure.ts";
import { openQueues } from "../drain/queues.ts";
import type { Measured } from "../drain/rounds.ts";
import { figuresOf, measureInRounds, ratioTo } from "../drain/rounds.ts";
import { commandLine, heading, versionOf } from "../heading.ts";
import { startReceiver } from "../receiver/receiver.ts";
import type { Bound, Report } from "../report.ts";
import { atLeast, atMost } from "../report.ts";
import type { Scenario } from "../scenario.ts";
import { median, spreadOf } from "../statistics.ts";

const defaults = { messages: 10_000, bytes: 1_024, rounds: 3 };
/** How many times as many messages wait as are sent. */
const factors = { short: [1, 10], long: [1, 10, 100] } as const;
const endpoints = 64;
const inFlight = 64;
const mostRssMiB = 200;
const leastRatio = 0.9;

type Case = Measured & {
  readonly engine: "outhook-sqlite" | "outhook-postgres";
  readonly waiting: number;
};

export const backlog: Scenario = {
  takes: ["store", "messages", "bytes", "rounds", "long", "profile", "json", "save"],
  about: "deliveries a second with 10,000 messages waiting, with 100,000, and with --long with 1,000,000",
  run: async ({ store, profile, long, ...options }) => {
    const messages = options.messages ?? defaults.messages;
    const load = { messages, bytes: options.bytes ?? defaults.bytes, inFlight, profile };
    const rounds = options.rounds ?? defaults.rounds;
    const engines = (["outhook-sqlite", "outhook-postgres"] as const).filter(
      (engine) => store === null || engine === `outhook-${store}`,
    );
    const cases = engines.flatMap((engine) =>
      factors[long ? "long" : "short"].map((factor): Case => ({ engine, waiting: messages * factor, found: [] })),
    );
    const queues = await openQueues(engines);
    const receiver = await startReceiver(endpoints);
    try {
      await measureInRounds(cases, {
        rounds,
        nameOf,
        measure: ({ engine, waiting }) => measureDrain(engine, { queues, receiver, load: { ...load, waiting } }),
      });
    } finally {
      await receiver.end();
      await queues.close();
    }
    return reportOf(cases, { load, rounds, versions: queues.versions });
  },
};

function nameOf({ engine, waiting }: Case): string {
  return `${engine}-${waiting}`;
}

function reportOf(
  cases: readonly Case[],
  run: { readonly load: Load; readonly rounds: number; readonly versions: readonly string[] },
): Report {
  const { load, rounds, versions } = run;
  const ratioOf = (one: Case): number => {
    const base = cases.find(({ engine, waiting }) => engine === one.engine && waiting === load.messages) ?? one;
    return ratioTo(base, one, "perSecond");
  };
  const boundsOf = (one: Case): readonly Bound[] => {
    const name = `${one.engine}, ${one.waiting.toLocaleString("en-US")} waiting`;
    return [
      atLeast(`drain, ${name}`, ratioOf(one), leastRatio, ` × with ${load.messages.toLocaleString("en-US")}`),
      atMost(`memory, ${name}`, Math.max(...figuresOf(one, "peakRssMiB")), mostRssMiB, " MiB"),
    ];
  };
  return {
    scenario: "backlog",
    heading: heading(commandLine("backlog"), [...versions, versionOf("better-sqlite3"), versionOf("pg")]),
    about: [
      `${load.messages.toLocaleString("en-US")} deliveries of ${load.bytes.toLocaleString("en-US")} bytes out of so many ` +
        `messages that wait, not fanned out, when the clock starts; ${endpoints} endpoints, ${inFlight} requests in flight. ` +
        `Medians of ${rounds} rounds in alternating order with the least and the greatest; ratios are taken within a round. ` +
        "Every message that was sent arrived once and has one attempt.",
    ],
    columns: ["engine", "waiting", "messages/s", "ratio", "peak RSS MiB"],
    rows: cases.map((one) => [
      one.engine,
      one.waiting.toLocaleString("en-US"),
      spreadOf(figuresOf(one, "perSecond"), 0),
      ratioOf(one).toFixed(2),
      spreadOf(figuresOf(one, "peakRssMiB"), 0),
    ]),
    bounds: cases.filter(({ waiting }) => waiting > load.messages).flatMap(boundsOf),
    notes: [],
    results: cases.map((one) => ({
      name: nameOf(one),
      perSecond: median(figuresOf(one, "perSecond")),
      ratio: ratioOf(one),
      peakRssMiB: Math.max(...figuresOf(one, "peakRssMiB")),
    })),
  };
}
