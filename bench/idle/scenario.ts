import { setTimeout as pause } from "node:timers/promises";
import { prepareStore, startApp } from "../app/app.ts";
import { commandLine, heading } from "../heading.ts";
import type { ProcessorTime } from "../postgres/processor-time.ts";
import type { Receiver } from "../receiver/receiver.ts";
import { startReceiver } from "../receiver/receiver.ts";
import type { Report } from "../report.ts";
import { atMost, shortly } from "../report.ts";
import type { Scenario } from "../scenario.ts";
import { withSources } from "../sources.ts";
import { median, spreadOf } from "../statistics.ts";
import type { StoreSource } from "../stores.ts";

const defaults = { seconds: 10, rounds: 3 };
const endpoints = 64;
const restMs = 3_000;

/** Percent of a core while nothing is due; `database` is `null` for one without processes of its own. */
type Idle = { readonly dispatcher: number; readonly database: number | null };

type Case = { readonly store: StoreSource; readonly found: Idle[] };

export const idle: Scenario = {
  takes: ["store", "seconds", "rounds", "profile", "json", "save"],
  about: "what a dispatcher with nothing to do costs",
  run: async ({ store, seconds, rounds, profile }) => {
    const [idleSeconds, times] = [seconds ?? defaults.seconds, rounds ?? defaults.rounds];
    return await withSources(store, async ({ stores, versions, processorTime }) => {
      const cases = stores.map((one): Case => ({ store: one, found: [] }));
      const receiver = await startReceiver(endpoints);
      try {
        for (let round = 0; round < times; round += 1) {
          for (const { store: one, found } of cases) {
            const ofDatabase = one.kind === "postgres" ? processorTime : null;
            found.push(await measure(one, receiver, { seconds: idleSeconds, ofDatabase, profile }));
            console.error(`round ${round + 1}, ${one.name}: ${shortly(found.at(-1)?.dispatcher ?? NaN)} %`);
          }
        }
      } finally {
        await receiver.end();
      }
      return reportOf(cases, { seconds: idleSeconds, rounds: times, versions });
    });
  },
};

async function measure(
  store: StoreSource,
  receiver: Receiver,
  run: { readonly seconds: number; readonly ofDatabase: ProcessorTime | null; readonly profile: string | null },
): Promise<Idle> {
  const place = await store.create();
  await prepareStore(place.location, receiver.targets);
  const app = await startApp(place.location, run);
  try {
    await app.call("startDispatcher");
    // So that it is what has worked and rests, not what never worked.
    await app.call("sendSteadily", { tenants: endpoints, perSecond: 200, seconds: 1, note: "" });
    await pause(restMs);
    const before = { app: (await app.usage()).cpuUs, database: await run.ofDatabase?.() };
    await pause(run.seconds * 1_000);
    const after = { app: (await app.usage()).cpuUs, database: await run.ofDatabase?.() };
    const percentOf = (ms: number): number => ms / run.seconds / 10;
    return {
      dispatcher: percentOf((after.app - before.app) / 1_000),
      database: run.ofDatabase === null ? null : percentOf((after.database ?? NaN) - (before.database ?? NaN)),
    };
  } finally {
    await app.call("close");
    await app.end();
    await place.destroy();
  }
}

function reportOf(
  cases: readonly Case[],
  run: { readonly seconds: number; readonly rounds: number; readonly versions: readonly string[] },
): Report {
  const dispatcher = ({ found }: Case): readonly number[] => found.map((one) => one.dispatcher);
  const database = ({ found }: Case): readonly number[] =>
    found.flatMap((one) => (one.database === null ? [] : [one.database]));
  return {
    scenario: "idle",
    heading: heading(commandLine("idle"), run.versions),
    about: [
      `Processor time in percent of a core over ${run.seconds} s in which nothing is due, after 200 deliveries to ${endpoints} ` +
        `endpoints; default options. Medians of ${run.rounds} rounds with the least and the greatest.`,
    ],
    columns: ["store", "dispatcher %", "database %"],
    rows: cases.map((one) => [
      one.store.name,
      spreadOf(dispatcher(one), 2),
      database(one).length === 0 ? "" : spreadOf(database(one), 2),
    ]),
    bounds: cases.map((one) =>
      atMost(`idle dispatcher, ${one.store.name}`, median(dispatcher(one)), 1, " % of a core"),
    ),
    notes: [],
    results: cases.map((one) => ({
      name: one.store.kind,
      dispatcherPercent: median(dispatcher(one)),
      databasePercent: database(one).length === 0 ? null : median(database(one)),
    })),
  };
}
