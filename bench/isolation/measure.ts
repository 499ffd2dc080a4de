import { setTimeout as pause } from "node:timers/promises";
import type { AnyEvents, Outhook, Store } from "../../packages/core/src/index.ts";
import { createOuthook } from "../../packages/core/src/index.ts";
import { newId } from "../../packages/core/src/id.ts";
import { allPartitions, defaultPartitions, partitionOf } from "../../packages/core/src/partition.ts";
import { quantile } from "../statistics.ts";
import { nowMs } from "./now.ts";
import type { Answering } from "./process.ts";
import { startProcess } from "./process.ts";
import type { StoreSource } from "./stores.ts";

/** How long healthy endpoints waited for their messages beside so many that hang. */
export type Waiting = {
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  /** Connections open to those that hang, at most. */
  readonly sockets: number;
};

type Ports = { readonly healthy: number; readonly hanging: readonly number[] };
type ReceiverAnswer = {
  readonly latencies: readonly number[];
  readonly most: number;
};

export type Load = {
  readonly healthy: number;
  readonly hanging: number;
  /** Messages that wait for each that hangs. */
  readonly waiting: number;
  readonly perSecond: number;
  readonly seconds: number;
};

const rowsPerInsert = 500;
const mostMs = 60_000;
const restMs = 2_000;
const partitions = allPartitions(defaultPartitions);

/**
 * Fills the queues of the endpoints that hang, starts a dispatcher, waits until all of it is fanned out, and then sends to
 * the healthy ones in an open loop: each message at its time, whatever became of those before it. A message's time counts
 * from when it was to be sent to when its request was read.
 */
export async function measure(source: StoreSource, load: Load): Promise<Waiting> {
  const { store, tidy, destroy } = await source.create();
  const receiver = await startProcess<ReceiverAnswer>(load.hanging);
  const { healthy, hanging } = portsOf(receiver.first);
  const outhook = createOuthook({
    store,
    secretKeys: "plaintext",
    network: { allow: ["127.0.0.1/32"], allowHttp: true, ports: "any" },
  });
  try {
    await outhook.migrate();
    for (let n = 0; n < load.healthy; n += 1) await addEndpoint(outhook, `healthy-${n}`, healthy);
    for (const [n, port] of hanging.entries()) await addEndpoint(outhook, `hanging-${n}`, port);
    await outhook.dispatcher.start();
    // What is known of an endpoint that nothing was sent to yet is nothing.
    await sendInOpenLoop(outhook, { ...load, seconds: 2 });
    for (let n = 0; n < load.hanging; n += 1) await fill(store, `hanging-${n}`, load.waiting);
    while ((await store.messages.awaitingFanOut({ partitions, limit: 1 })).length > 0) await pause(100);
    // What writing so much has left to do is not to be counted.
    await tidy();
    await pause(restMs);
    await receiver.ask();
    await sendInOpenLoop(outhook, load);
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
async function lastOf(receiver: Answering<ReceiverAnswer>, { perSecond, seconds }: Load): Promise<Waiting> {
  const latencies: number[] = [];
  const expected = perSecond * seconds;
  for (let ms = 0; ms < mostMs; ms += 100) {
    const answer = await receiver.ask();
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

async function sendInOpenLoop(
  outhook: Outhook<AnyEvents, never>,
  { healthy, perSecond, seconds }: Load,
): Promise<void> {
  const start = nowMs();
  const sends: Promise<unknown>[] = [];
  for (let n = 0; n < perSecond * seconds; n += 1) {
    const dueAt = start + (n * 1_000) / perSecond;
    const early = dueAt - nowMs();
    if (early > 1) await pause(early);
    sends.push(outhook.tenant(`healthy-${n % healthy}`).send("loan.active", { n, dueAt }));
  }
  await Promise.all(sends);
}

async function fill(store: Store, tenant: string, count: number): Promise<void> {
  for (let n = 0; n < count; n += rowsPerInsert) {
    const messages = Array.from({ length: Math.min(rowsPerInsert, count - n) }, () => {
      const id = newId("msg_");
      return {
        id,
        partition: partitionOf(tenant, id, { partitions: defaultPartitions, spread: {} }),
        tenant,
        type: "loan.active",
        body: `{"type":"loan.active","data":{}}`,
        createdAt: Date.now(),
        idempotencyKey: null,
        payloadHash: null,
      };
    });
    await store.messages.insert({ messages });
  }
}

function portsOf(first: unknown): Ports {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the script stands beside this one
  return first as Ports;
}
