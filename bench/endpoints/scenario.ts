import { addBystanders } from "../app/app.ts";
import type { Queue } from "../drain/engine.ts";
import type { Drain, Load } from "../drain/measure.ts";
import { measureDrain } from "../drain/measure.ts";
import type { Queues } from "../drain/queues.ts";
import { openQueues } from "../drain/queues.ts";
import type { Measured } from "../drain/rounds.ts";
import { figuresOf, measureInRounds, ratioTo } from "../drain/rounds.ts";
import { commandLine, heading, versionOf } from "../heading.ts";
import { startReceiver } from "../receiver/receiver.ts";
import type { Report } from "../report.ts";
import { atLeast } from "../report.ts";
import type { Scenario } from "../scenario.ts";
import { median, spreadOf } from "../statistics.ts";

const defaults = { messages: 10_000, bytes: 1_024, rounds: 3 };
const inFlight = 64;
const leastRatio = 0.9;

/** Of endpoints that no message matches, beside those that each get a share of the messages. */
type Bystanders = { readonly count: number; readonly to: "others" | "first" };

/** Many tenants with one endpoint each, and one tenant with many; the first of each is what the others are compared with. */
const bystanders = {
  others: { tenants: 64, counts: [0, 10_000] },
  othersLong: { tenants: 64, counts: [0, 10_000, 100_000] },
  first: { tenants: 1, counts: [0, 1_000] },
} as const;

type Case = Bystanders &
  Measured & {
    readonly engine: "outhook-sqlite" | "outhook-postgres";
    readonly tenants: number;
  };

export const endpoints: Scenario = {
  takes: ["store", "messages", "bytes", "rounds", "long", "profile", "json", "save"],
  about: "deliveries a second with many endpoints of other tenants (100,000 with --long), and 1,000 of the same tenant",
  run: async ({ store, long, profile, ...options }) => {
    const { messages = defaults.messages, bytes = defaults.bytes, rounds = defaults.rounds } = known(options);
    const engines = (["outhook-sqlite", "outhook-postgres"] as const).filter(
      (engine) => store === null || engine === `outhook-${store}`,
    );
    const cases = engines.flatMap((engine) => [
      ...casesOf(engine, "others", bystanders[long ? "othersLong" : "others"]),
      ...casesOf(engine, "first", bystanders.first),
    ]);
    const load = { messages, bytes, inFlight, perEndpoint: inFlight, profile };
    const queues = await openQueues(engines);
    try {
      await measureInRounds(cases, { rounds, nameOf, measure: (one) => measure(one, queues, load) });
    } finally {
      await queues.close();
    }
    return reportOf(cases, { load, rounds, versions: queues.versions });
  },
};

type Numbers = { readonly messages: number | null; readonly bytes: number | null; readonly rounds: number | null };

function known({ messages, bytes, rounds }: Numbers): { readonly [Name in keyof Numbers]: number | undefined } {
  return { messages: messages ?? undefined, bytes: bytes ?? undefined, rounds: rounds ?? undefined };
}

function casesOf(
  engine: Case["engine"],
  to: Bystanders["to"],
  { tenants, counts }: { readonly tenants: number; readonly counts: readonly number[] },
): readonly Case[] {
  return counts.map((count) => ({ engine, to, tenants, count, found: [] }));
}

async function measure(one: Case, queues: Queues, load: Load): Promise<Drain> {
  const receiver = await startReceiver(one.tenants);
  try {
    const prepare = async (queue: Queue): Promise<void> => {
      if (queue.kind === "sqlite" || queue.kind === "postgres") await addBystanders(queue, one);
    };
    return await measureDrain(one.engine, { queues, receiver, load, prepare });
  } finally {
    await receiver.end();
  }
}

function nameOf({ engine, to, count }: Case): string {
  return `${engine}-${count}-${to}`;
}

function reportOf(
  cases: readonly Case[],
  run: { readonly load: Load; readonly rounds: number; readonly versions: readonly string[] },
): Report {
  const ratioOf = (one: Case): number => {
    const base = cases.find(({ engine, to, count }) => engine === one.engine && to === one.to && count === 0) ?? one;
    return ratioTo(base, one, "perSecond");
  };
  const words = ({ tenants, to, count }: Case): string =>
    `${count.toLocaleString("en-US")} ${to === "others" ? "of as many other tenants" : "of the same tenant"}, beside ${tenants}`;
  return {
    scenario: "endpoints",
    heading: heading(commandLine("endpoints"), [...run.versions, versionOf("better-sqlite3"), versionOf("pg")]),
    about: [
      `${run.load.messages.toLocaleString("en-US")} messages that match one endpoint each, beside endpoints that they do not ` +
        `match; ${inFlight} requests in flight, also to one endpoint. Medians of ${run.rounds} rounds in alternating order with ` +
        "the least and the greatest; ratios are to the same without others, taken within a round. Every message arrived once " +
        "and has one attempt.",
    ],
    columns: ["engine", "endpoints that do not match", "messages/s", "ratio", "CPU s/1,000", "peak RSS MiB"],
    rows: cases.map((one) => [
      one.engine,
      words(one),
      spreadOf(figuresOf(one, "perSecond"), 0),
      ratioOf(one).toFixed(2),
      median(figuresOf(one, "cpuSecondsPer1000")).toFixed(3),
      spreadOf(figuresOf(one, "peakRssMiB"), 0),
    ]),
    bounds: cases
      .filter(({ count }) => count > 0)
      .map((one) => atLeast(`drain, ${one.engine}, ${words(one)}`, ratioOf(one), leastRatio, " × without")),
    notes: [],
    results: cases.map((one) => ({
      name: nameOf(one),
      perSecond: median(figuresOf(one, "perSecond")),
      ratio: ratioOf(one),
      cpuSecondsPer1000: median(figuresOf(one, "cpuSecondsPer1000")),
      peakRssMiB: Math.max(...figuresOf(one, "peakRssMiB")),
    })),
  };
}
