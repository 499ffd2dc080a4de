import { setTimeout as pause } from "node:timers/promises";
import { prepareStore, startApp } from "../app/app.ts";
import { commandLine, heading } from "../heading.ts";
import { startReceiver, verifyReceived } from "../receiver/receiver.ts";
import type { Report } from "../report.ts";
import { atMost, shortly } from "../report.ts";
import type { Scenario } from "../scenario.ts";
import { withSources } from "../sources.ts";
import { median } from "../statistics.ts";
import type { StoreSource } from "../stores.ts";
import { verifyRecorded } from "../stores.ts";

const defaultSeconds = 600;
const perSecond = 500;
const endpoints = 64;
/** As often it is looked at how much memory the process holds. */
const parts = 20;
const patienceMs = 60_000;
const note = "x".repeat(900);
const mostRssMiB = 200;
/** Of the last quarter over the second, since the first warms up. */
const mostGrowth = 1.1;

/** Memory held after each part of the time. */
type Soak = { readonly store: StoreSource; readonly rssMiB: readonly number[]; readonly peakRssMiB: number };

export const soak: Scenario = {
  takes: ["store", "seconds", "profile", "json", "save"],
  about: "memory of a process that sends and dispatches 500 messages a second for ten minutes",
  run: async ({ store, seconds, profile }) => {
    const partSeconds = Math.max(1, Math.round((seconds ?? defaultSeconds) / parts));
    return await withSources(store, async ({ stores, versions }) => {
      const found: Soak[] = [];
      for (const one of stores) found.push(await measure(one, partSeconds, profile));
      return reportOf(found, { seconds: partSeconds * parts, versions });
    });
  },
};

async function measure(store: StoreSource, partSeconds: number, profile: string | null): Promise<Soak> {
  const place = await store.create();
  const receiver = await startReceiver(endpoints);
  await prepareStore(place.location, receiver.targets);
  const app = await startApp(place.location, { profile });
  try {
    await app.call("startDispatcher");
    const rssMiB: number[] = [];
    for (let part = 0; part < parts; part += 1) {
      await app.call("sendSteadily", { tenants: endpoints, perSecond, seconds: partSeconds, note });
      rssMiB.push((await app.usage()).rssBytes / 1_048_576);
      console.error(`${store.name}, ${(part + 1) * partSeconds} s: ${shortly(rssMiB.at(-1) ?? NaN)} MiB`);
    }
    const expected = parts * partSeconds * perSecond;
    for (let ms = 0; ms < patienceMs && (await app.call("settled")) < expected; ms += 100) await pause(100);
    await verifyReceived(receiver, expected);
    await verifyRecorded(place, expected);
    return { store, rssMiB, peakRssMiB: (await app.usage()).peakRssBytes / 1_048_576 };
  } finally {
    await app.end();
    await receiver.end();
    await place.destroy();
  }
}

function reportOf(
  found: readonly Soak[],
  { seconds, versions }: { readonly seconds: number; readonly versions: readonly string[] },
): Report {
  const quarter = ({ rssMiB }: Soak, n: 0 | 1 | 2 | 3): number =>
    median(rssMiB.slice((n * parts) / 4, ((n + 1) * parts) / 4));
  const growthOf = (one: Soak): number => quarter(one, 3) / quarter(one, 1);
  return {
    scenario: "soak",
    heading: heading(commandLine("soak"), versions),
    about: [
      `${perSecond} messages a second of about 1,024 bytes to ${endpoints} endpoints for ${seconds} s, sent and dispatched by one ` +
        `process, whose memory is looked at ${parts} times; medians of the quarters. Every message arrived once and has one attempt.`,
    ],
    columns: ["store", "1st quarter MiB", "2nd", "3rd", "4th", "4th / 2nd", "peak RSS MiB"],
    rows: found.map((one) => [
      one.store.name,
      ...([0, 1, 2, 3] as const).map((n) => quarter(one, n).toFixed(0)),
      growthOf(one).toFixed(2),
      one.peakRssMiB.toFixed(0),
    ]),
    bounds: found.flatMap((one) => [
      atMost(`memory over ${seconds} s, ${one.store.name}`, growthOf(one), mostGrowth, " × of the second quarter"),
      atMost(`memory over ${seconds} s, ${one.store.name}`, one.peakRssMiB, mostRssMiB, " MiB"),
    ]),
    notes: [],
    results: found.map((one) => ({
      name: one.store.kind,
      growth: growthOf(one),
      peakRssMiB: one.peakRssMiB,
      lastRssMiB: quarter(one, 3),
    })),
  };
}
