import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { sendSteadily } from "../app/steady.ts";
import type { AnyEvents, Outhook, Store } from "../../packages/core/src/index.ts";
import { createOuthook } from "../../packages/core/src/index.ts";
import { allPartitions, defaultPartitions } from "../../packages/core/src/partition.ts";
import { groupsOf, messageOf, tenantOf } from "../messages.ts";
import type { Child } from "../process/child.ts";
import { startChild } from "../process/child.ts";
import { quantile } from "../statistics.ts";
import type { StoreSource } from "../stores.ts";
import { openStore } from "../stores.ts";
import type { IsolationCommands } from "./receiver-process.ts";

/** How long healthy endpoints waited for their messages beside so many that hang. */
export type Waiting = {
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  /** Connections open to those that hang, at most. */
  readonly sockets: number;
};

type Receiver = Child<IsolationCommands>;

export type Load = {
  readonly healthy: number;
  readonly hanging: number;
  /** Messages that wait for each that hangs. */
  readonly waiting: number;
  readonly perSecond: number;
  readonly seconds: number;
};

const rowsPerInsert = 500;
const bytes = 128;
const mostMs = 60_000;
const restMs = 2_000;
const partitions = allPartitions(defaultPartitions);

/**
 * Fills the queues of the endpoints that hang, starts a dispatcher, waits until all of it is fanned out, and then sends to
 * the healthy ones in an open loop: each message at its time, whatever became of those before it. A message's time counts
 * from when it was to be sent to when its request was read.
 */
export async function measure(source: StoreSource, load: Load): Promise<Waiting> {
  const { location, tidy, destroy } = await source.create();
  const store: Store = openStore(location);
  const receiver = await startChild<IsolationCommands>(join(import.meta.dirname, "receiver-process.ts"));
  const { healthy, hanging } = await receiver.call("listen", load.hanging);
  const hangingTenants = hanging.map((_, n) => tenantOf(load.healthy + n));
  const steady = { tenants: load.healthy, perSecond: load.perSecond };
  const outhook = createOuthook({
    store,
    secretKeys: "plaintext",
    network: { allow: ["127.0.0.1/32"], allowHttp: true, ports: "any" },
  });
  try {
    await outhook.migrate();
    for (let n = 0; n < load.healthy; n += 1) await addEndpoint(outhook, tenantOf(n), healthy);
    for (const [n, port] of hanging.entries()) await addEndpoint(outhook, tenantOf(load.healthy + n), port);
    await outhook.dispatcher.start();
    // What is known of an endpoint that nothing was sent to yet is nothing.
    await sendSteadily(outhook, { ...steady, seconds: 2 });
    for (const tenant of hangingTenants) await fill(store, tenant, load.waiting);
    while ((await store.messages.awaitingFanOut({ partitions, limit: 1 })).length > 0) await pause(100);
    // What writing so much has left to do is not to be counted.
    await tidy();
    await pause(restMs);
    await receiver.call("latencies");
    await sendSteadily(outhook, { ...steady, seconds: load.seconds });
    await pause(1_000);
    return await lastOf(receiver, load);
  } finally {
    await outhook.dispatcher.stop({ graceMs: 500 });
    await outhook.close();
    await receiver.end();
    await destroy();
  }
}

/** Waits until every message has arrived. */
async function lastOf(receiver: Receiver, { perSecond, seconds }: Load): Promise<Waiting> {
  const latencies: number[] = [];
  const expected = perSecond * seconds;
  for (let ms = 0; ms < mostMs; ms += 100) {
    const answer = await receiver.call("latencies");
    latencies.push(...answer.latencies);
    if (latencies.length >= expected) return { ...quantiles(latencies), sockets: answer.most };
    await pause(100);
  }
  throw new Error(`${latencies.length} of ${expected} messages arrived`);
}

function quantiles(latencies: readonly number[]): Omit<Waiting, "sockets"> {
  return { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99), longest: quantile(latencies, 1) };
}

async function addEndpoint(outhook: Outhook<AnyEvents, never>, tenant: string, port: number): Promise<void> {
  await outhook.tenant(tenant).endpoints.create({ url: `http://127.0.0.1:${port}/` });
}

async function fill(store: Store, tenant: string, count: number): Promise<void> {
  for (const group of groupsOf(0, count, rowsPerInsert))
    await store.messages.insert({ messages: group.map((n) => messageOf(n, { tenant, bytes })) });
}
