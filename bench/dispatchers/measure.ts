import { setTimeout as pause } from "node:timers/promises";
import type { AppCommands } from "../app/app-process.ts";
import { prepareStore, startApp } from "../app/app.ts";
import type { ProcessorTime } from "../postgres/processor-time.ts";
import { withClient } from "../postgres/server.ts";
import type { Child } from "../process/child.ts";
import type { Receiver } from "../receiver/receiver.ts";
import { startReceiver, verifyReceived } from "../receiver/receiver.ts";
import type { Location, StoreSource } from "../stores.ts";
import { verifyRecorded } from "../stores.ts";
import { insertBacklog } from "./backlog.ts";

/** What so many dispatchers cost on one database. */
export type Cost = {
  /** Database processor time of a delivery, in microseconds. */
  readonly databaseUs: number;
  /** That of all dispatchers, and of the receiver. */
  readonly dispatcherUs: number;
  readonly receiverUs: number;
  readonly perSecond: number;
  /** Database processor time while nothing is due, in percent of a core. */
  readonly idlePercent: number;
};

export type Load = { readonly dispatchers: number; readonly warmUp: number; readonly deliveries: number };

type App = Child<AppCommands>;

/** Enough that every partition has some. */
const tenants = 256;
/** So few that 16 processes fit into the connections that a server allows by default. */
const maxConnections = 4;
const idleMs = 3_000;
/** Time for all to have seen each other's heartbeats, so that each looks after its own partitions only. */
const ownershipMs = 5_000;
const mostMs = 300_000;

/**
 * Starts so many dispatchers on an empty database, lets them find each other and warm up, and then has them deliver a
 * backlog that is there all at once. Throws unless every delivery got one attempt and every message arrived once.
 */
export async function measure(source: StoreSource, processorTime: ProcessorTime, load: Load): Promise<Cost> {
  const place = await source.create();
  const receiver = await startReceiver(tenants);
  await receiver.call("comeFirst");
  await prepareStore(place.location, receiver.targets, { timeoutSeconds: 60 });
  const dispatchers = await Promise.all(
    Array.from({ length: load.dispatchers }, () => startDispatcher(place.location)),
  );
  const { url } = postgresAt(place.location);
  try {
    return await withClient(url, async (client) => {
      await pause(ownershipMs);
      await insertBacklog(client, url, { tenants, size: load.warmUp });
      await client.query("commit");
      await delivered(dispatchers, receiver, load.warmUp);
      await client.query("checkpoint");
      const idleBefore = await processorTime();
      await pause(idleMs);
      const idlePercent = (((await processorTime()) - idleBefore) / idleMs) * 100;

      const total = load.warmUp + load.deliveries;
      await insertBacklog(client, url, { tenants, size: load.deliveries });
      const before = await spent(dispatchers, receiver, processorTime);
      const start = performance.now();
      await client.query("commit");
      await delivered(dispatchers, receiver, total);
      const elapsedMs = performance.now() - start;
      const after = await spent(dispatchers, receiver, processorTime);
      await verifyReceived(receiver, total);
      await verifyRecorded(place, total);
      return {
        databaseUs: ((after.databaseMs - before.databaseMs) * 1_000) / load.deliveries,
        dispatcherUs: (after.dispatcherUs - before.dispatcherUs) / load.deliveries,
        receiverUs: (after.receiverUs - before.receiverUs) / load.deliveries,
        perSecond: (load.deliveries * 1_000) / elapsedMs,
        idlePercent,
      };
    });
  } finally {
    await Promise.all([...dispatchers, receiver].map(({ end }) => end()));
    await place.destroy();
  }
}

async function startDispatcher(location: Location): Promise<App> {
  const app = await startApp(location, { maxConnections });
  await app.call("startDispatcher");
  return app;
}

function postgresAt(location: Location): Extract<Location, { readonly kind: "postgres" }> {
  if (location.kind !== "postgres") throw new Error("several dispatchers are measured on Postgres");
  return location;
}

/** Waits until so many are settled. */
async function delivered(dispatchers: readonly App[], receiver: Receiver, count: number): Promise<void> {
  const start = performance.now();
  const settled = async (): Promise<number> => {
    // Whether all are settled needs no asking of sixteen before all have arrived.
    if ((await receiver.call("counts")).received < count) return 0;
    const counts = await Promise.all(dispatchers.map((app) => app.call("settled")));
    return counts.reduce((sum, one) => sum + one, 0);
  };
  while ((await settled()) < count) {
    if (performance.now() - start > mostMs) throw new Error(`${count} deliveries took longer than ${mostMs} ms`);
    await pause(20);
  }
}

async function spent(
  dispatchers: readonly App[],
  receiver: Receiver,
  processorTime: ProcessorTime,
): Promise<{ readonly databaseMs: number; readonly dispatcherUs: number; readonly receiverUs: number }> {
  const databaseMs = await processorTime();
  const usages = await Promise.all(dispatchers.map(({ usage }) => usage()));
  return {
    databaseMs,
    dispatcherUs: usages.reduce((sum, { cpuUs }) => sum + cpuUs, 0),
    receiverUs: (await receiver.usage()).cpuUs,
  };
}
