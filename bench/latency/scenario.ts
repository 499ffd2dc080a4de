import { setTimeout as pause } from "node:timers/promises";
import { prepareStore, startApp } from "../app/app.ts";
import { commandLine, heading } from "../heading.ts";
import type { Receiver } from "../receiver/receiver.ts";
import { startReceiver, verifyReceived } from "../receiver/receiver.ts";
import type { Bound, Report } from "../report.ts";
import { atMost, shortly } from "../report.ts";
import type { Scenario } from "../scenario.ts";
import { withSources } from "../sources.ts";
import { median, quantile, spreadOf } from "../statistics.ts";
import type { StoreSource } from "../stores.ts";
import { verifyRecorded } from "../stores.ts";

const rates = [200, 1_000] as const;
const processCounts = [1, 2] as const;
const defaults = { seconds: 10, bytes: 1_024, rounds: 3 };
const endpoints = 64;
const warmUpSeconds = 2;
const patienceMs = 30_000;
/** Of a body, what is not the note. */
const envelopeBytes = 120;

/** From when a message was to be sent until its request had arrived, in milliseconds. */
type Latency = { readonly p50: number; readonly p99: number; readonly longest: number };

type Load = {
  readonly perSecond: number;
  readonly seconds: number;
  readonly bytes: number;
  /** One that sends and dispatches, or one for each. */
  readonly processes: (typeof processCounts)[number];
  readonly profile: string | null;
};

type Case = Pick<Load, "perSecond" | "processes"> & { readonly store: StoreSource; readonly found: Latency[] };

export const latency: Scenario = {
  takes: ["store", "seconds", "bytes", "rounds", "profile", "json", "save"],
  about: "from send to received at 200 and 1,000 messages a second, the dispatcher in the same and in another process",
  run: async (options) => {
    const { seconds, bytes, rounds } = {
      seconds: options.seconds ?? defaults.seconds,
      bytes: options.bytes ?? defaults.bytes,
      rounds: options.rounds ?? defaults.rounds,
    };
    return await withSources(options.store, async ({ stores, versions }) => {
      const cases = stores.flatMap((store) =>
        processCounts.flatMap((processes) =>
          rates.map((perSecond): Case => ({ store, processes, perSecond, found: [] })),
        ),
      );
      const receiver = await startReceiver(endpoints);
      await receiver.call("comeFirst");
      try {
        for (let round = 0; round < rounds; round += 1) {
          for (const one of round % 2 === 0 ? cases : cases.toReversed()) {
            const found = await measure(one.store, receiver, { ...one, seconds, bytes, profile: options.profile });
            one.found.push(found);
            console.error(`round ${round + 1}, ${nameOf(one)}: ${shortly(found.p50)} and ${shortly(found.p99)} ms`);
          }
        }
      } finally {
        await receiver.end();
      }
      return reportOf(cases, { seconds, bytes, rounds, versions });
    });
  },
};

async function measure(store: StoreSource, receiver: Receiver, load: Load): Promise<Latency> {
  const place = await store.create();
  await prepareStore(place.location, receiver.targets);
  const sender = await startApp(place.location, load);
  const dispatcher = load.processes === 1 ? sender : await startApp(place.location, load);
  try {
    await dispatcher.call("startDispatcher");
    const { perSecond, seconds } = load;
    const steady = { tenants: endpoints, perSecond, note: "x".repeat(load.bytes - envelopeBytes) };
    await receiver.call("forget", { timed: true });
    await sender.call("sendSteadily", { ...steady, seconds: warmUpSeconds });
    await arrived(receiver, perSecond * warmUpSeconds);
    await receiver.call("forget", { timed: true });
    await sender.call("sendSteadily", { ...steady, seconds });
    await arrived(receiver, perSecond * seconds);
    const latencies = await receiver.call("latencies");
    for (const app of new Set([sender, dispatcher])) await app.call("close");
    await verifyReceived(receiver, perSecond * seconds);
    await verifyRecorded(place, perSecond * (seconds + warmUpSeconds));
    return { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99), longest: quantile(latencies, 1) };
  } finally {
    await sender.end();
    await dispatcher.end();
    await place.destroy();
  }
}

async function arrived(receiver: Receiver, expected: number): Promise<void> {
  for (let ms = 0; ms < patienceMs; ms += 50) {
    if ((await receiver.call("counts")).received >= expected) return;
    await pause(50);
  }
  throw new Error(`not all of ${expected} messages arrived within ${patienceMs} ms`);
}

function nameOf({ store, processes, perSecond }: Omit<Case, "found">): string {
  return `${store.kind}-${processes}-${perSecond}`;
}

function reportOf(
  cases: readonly Case[],
  run: {
    readonly seconds: number;
    readonly bytes: number;
    readonly rounds: number;
    readonly versions: readonly string[];
  },
): Report {
  const of = ({ found }: Case, figure: keyof Latency): readonly number[] => found.map((one) => one[figure]);
  return {
    scenario: "latency",
    heading: heading(commandLine("latency"), run.versions),
    about: [
      `Milliseconds from the instant at which a message was to be sent until its request had arrived, at a steady rate for ` +
        `${run.seconds} s after a warm-up of ${warmUpSeconds} s; ${endpoints} endpoints, bodies of about ` +
        `${run.bytes.toLocaleString("en-US")} bytes, default options. Medians of ${run.rounds} rounds with the least and the ` +
        "greatest. Every message arrived once and has one attempt.",
    ],
    columns: ["store", "messages/s", "dispatcher", "p50 ms", "p99 ms", "longest ms"],
    rows: cases.map((one) => [
      one.store.name,
      one.perSecond.toLocaleString("en-US"),
      one.processes === 1 ? "same process" : "another process",
      spreadOf(of(one, "p50"), 1),
      spreadOf(of(one, "p99"), 1),
      spreadOf(of(one, "longest"), 0),
    ]),
    bounds: cases.flatMap((one) => boundsOf(one, median(of(one, "p50")), median(of(one, "p99")))),
    notes: [],
    results: cases.map((one) => ({
      name: nameOf(one),
      p50: median(of(one, "p50")),
      p99: median(of(one, "p99")),
      longest: median(of(one, "longest")),
    })),
  };
}

function boundsOf({ store, processes, perSecond }: Case, p50: number, p99: number): readonly Bound[] {
  if (perSecond !== 200) return [];
  if (processes === 2) return [atMost(`latency at 200/s, two processes, ${store.name}, p99`, p99, 100, " ms")];
  return [
    atMost(`latency at 200/s, one process, ${store.name}, p50`, p50, 5, " ms"),
    atMost(`latency at 200/s, one process, ${store.name}, p99`, p99, 25, " ms"),
  ];
}
