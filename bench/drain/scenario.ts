import type { Arguments } from "../arguments.ts";
import { UsageError } from "../arguments.ts";
import { commandLine, heading, versionOf } from "../heading.ts";
import { startReceiver } from "../receiver/receiver.ts";
import { noRedis } from "../redis/server.ts";
import type { Report } from "../report.ts";
import type { Scenario } from "../scenario.ts";
import type { EngineName } from "./engines.ts";
import { engineNames, isFloor, kindOf } from "./engines.ts";
import type { Drain, Load } from "./measure.ts";
import { measureDrain } from "./measure.ts";
import type { Queues } from "./queues.ts";
import { openQueues } from "./queues.ts";
import type { Drains } from "./table.ts";
import { boundsOf, resultsOf, rowsOf, drainColumns } from "./table.ts";

/** So many that a bound on one endpoint's requests decides nothing. */
const endpoints = 64;
const inFlight = 64;
const defaults = { messages: 20_000, bytes: 1_024, rounds: 3 };
const packages = ["undici", "better-sqlite3", "pg", "standardwebhooks", "graphile-worker", "pg-boss", "bullmq"];

export const drain: Scenario = {
  takes: ["store", "messages", "bytes", "rounds", "only", "profile", "json", "save"],
  about: "deliveries a second of a queue that is full, beside the floor and the peers",
  run: async (options) => {
    const names = namesOf(options);
    const { messages, bytes, rounds } = { ...defaults, ...given(options) };
    const load: Load = { messages, bytes, inFlight, profile: options.profile };
    const queues = await openQueues(names);
    try {
      const usable = names.filter(queues.has);
      const drains = await measureAll(usable, { queues, load, rounds });
      return reportOf(drains, { load, rounds, queues, missing: names.filter((name) => !queues.has(name)) });
    } finally {
      await queues.close();
    }
  },
};

function given({ messages, bytes, rounds }: Arguments): Partial<typeof defaults> {
  return {
    ...(messages === null ? {} : { messages }),
    ...(bytes === null ? {} : { bytes }),
    ...(rounds === null ? {} : { rounds }),
  };
}

function namesOf({ store, only }: Arguments): readonly EngineName[] {
  const unknown = only?.filter((part) => !engineNames.some((name) => name.startsWith(part))) ?? [];
  if (unknown.length > 0)
    throw new UsageError(`--only ${unknown.join(",")}: there are ${engineNames.join(", ")}, and what they begin with`);
  return engineNames.filter(
    (name) =>
      (only === null ? kindOf(name).onlyNamed !== true : only.some((part) => name.startsWith(part))) &&
      (store === null || isFloor(name) || kindOf(name).queue === store),
  );
}

/** One receiver for all; in each round all engines, the first or the last first in turn. */
async function measureAll(
  names: readonly EngineName[],
  { queues, load, rounds }: { readonly queues: Queues; readonly load: Load; readonly rounds: number },
): Promise<Drains> {
  const drains = new Map<EngineName, Drain[]>(names.map((name) => [name, []]));
  const receiver = await startReceiver(endpoints);
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const name of round % 2 === 0 ? names : names.toReversed()) {
        const one = await measureDrain(name, { queues, receiver, load });
        drains.get(name)?.push(one);
        console.error(`round ${round + 1}, ${name}: ${one.perSecond.toFixed(0)}/s`);
      }
    }
    return drains;
  } finally {
    await receiver.end();
  }
}

function reportOf(
  drains: Drains,
  run: {
    readonly load: Load;
    readonly rounds: number;
    readonly queues: Queues;
    readonly missing: readonly EngineName[];
  },
): Report {
  const { load, rounds, queues, missing } = run;
  const { bounds, notes } = boundsOf(drains);
  return {
    scenario: "drain",
    heading: heading(commandLine("drain"), [...queues.versions, ...packages.map(versionOf)]),
    about: [
      `${load.messages.toLocaleString("en-US")} messages of ${load.bytes.toLocaleString("en-US")} bytes to ${endpoints} ` +
        `endpoints of as many tenants at one receiver, ${inFlight} requests in flight; medians of ${rounds} rounds in ` +
        "alternating order, with the least and the greatest. Each run has a process, a database and a warm-up of its own. " +
        "The floor sends four times as many, and the slow peers at most 5,000, or 512. The messages wait, not fanned out, when the clock starts; it stops when all are answered and the database knows.",
      "Every message arrived once, a sample of the signatures was verified with `standardwebhooks`, and Outhook has one " +
        "attempt recorded for each delivery. The peers keep no record of attempts. Postgres runs with fsync, " +
        "full_page_writes and synchronous_commit on, SQLite with synchronous = FULL, Redis as OUTHOOK_BENCH_REDIS_URL has it, or with appendfsync everysec.",
    ],
    columns: drainColumns,
    rows: rowsOf(drains),
    bounds,
    notes: [...notes, ...missing.map((name) => `${name} is missing: ${noRedis}.`)],
    results: resultsOf(drains, load),
  };
}
