import { setTimeout as pause } from "node:timers/promises";
import type pg from "pg";
import type { ProcessorTime } from "../postgres/processor-time.ts";
import type { BenchServer } from "../postgres/server.ts";
import { withClient } from "../postgres/server.ts";
import { insertBacklog, prepareDatabase } from "./backlog.ts";
import type { Answering, DispatcherAnswer, ReceiverAnswer } from "./processes.ts";
import { startProcess } from "./processes.ts";

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

const idleMs = 3_000;
/** Time for all to have seen each other's heartbeats, so that each looks after its own partitions only. */
const ownershipMs = 5_000;
const mostMs = 300_000;

/**
 * Starts so many dispatchers on an empty database, lets them find each other and warm up, and then has them deliver a
 * backlog that is there all at once. Throws unless every delivery got one attempt and every message arrived once.
 */
export async function measure(
  server: BenchServer,
  processorTime: ProcessorTime,
  load: { readonly dispatchers: number; readonly warmUp: number; readonly deliveries: number },
): Promise<Cost> {
  const name = `outhook_bench_${crypto.randomUUID().replaceAll("-", "")}`;
  const url = await server.createDatabase(name);
  const receiver = await startProcess<ReceiverAnswer>("receiver-process.ts", []);
  await prepareDatabase(url, portOf(receiver.first));
  const dispatchers = await Promise.all(
    Array.from({ length: load.dispatchers }, () => startProcess<DispatcherAnswer>("dispatcher-process.ts", [url])),
  );
  try {
    return await withClient(url, async (client) => {
      await pause(ownershipMs);
      await insertBacklog(client, url, load.warmUp);
      await client.query("commit");
      await delivered(dispatchers, receiver, load.warmUp);
      await client.query("checkpoint");
      const idleBefore = await processorTime();
      await pause(idleMs);
      const idlePercent = (((await processorTime()) - idleBefore) / idleMs) * 100;

      const total = load.warmUp + load.deliveries;
      await insertBacklog(client, url, load.deliveries);
      const before = await spent(dispatchers, receiver, processorTime);
      const start = performance.now();
      await client.query("commit");
      await delivered(dispatchers, receiver, total);
      const elapsedMs = performance.now() - start;
      const after = await spent(dispatchers, receiver, processorTime);
      await verify(client, receiver, total);
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
    await server.dropDatabase(name);
  }
}

/** Waits until so many are settled. */
async function delivered(
  dispatchers: readonly Answering<DispatcherAnswer>[],
  receiver: Answering<ReceiverAnswer>,
  count: number,
): Promise<void> {
  const start = performance.now();
  const settled = async (): Promise<number> => {
    // Whether all are settled needs no asking of sixteen before all have arrived.
    if ((await receiver.ask()).received < count) return 0;
    const answers = await Promise.all(dispatchers.map(({ ask }) => ask()));
    return answers.reduce((sum, answer) => sum + answer.settled, 0);
  };
  while ((await settled()) < count) {
    if (performance.now() - start > mostMs) throw new Error(`${count} deliveries took longer than ${mostMs} ms`);
    await pause(20);
  }
}

async function spent(
  dispatchers: readonly Answering<DispatcherAnswer>[],
  receiver: Answering<ReceiverAnswer>,
  processorTime: ProcessorTime,
): Promise<{ readonly databaseMs: number; readonly dispatcherUs: number; readonly receiverUs: number }> {
  const databaseMs = await processorTime();
  const answers = await Promise.all(dispatchers.map(({ ask }) => ask()));
  return {
    databaseMs,
    dispatcherUs: answers.reduce((sum, answer) => sum + usOf(answer), 0),
    receiverUs: usOf(await receiver.ask()),
  };
}

function usOf({ cpu }: { readonly cpu: NodeJS.CpuUsage }): number {
  return cpu.user + cpu.system;
}

async function verify(client: pg.Client, receiver: Answering<ReceiverAnswer>, expected: number): Promise<void> {
  const { rows } = await client.query(`select
    (select count(*) from outhook.outhook_deliveries where status = 'succeeded' and attempts = 1)::integer as deliveries,
    (select count(*) from outhook.outhook_attempts where status_code = 200)::integer as attempts,
    (select count(*) from outhook.outhook_attempts)::integer as all`);
  const { received, repeated } = await receiver.ask();
  const found = { ...rows[0], received, repeated };
  const right = { deliveries: expected, attempts: expected, all: expected, received: expected, repeated: 0 };
  if (Object.entries(right).every(([key, value]) => found[key] === value)) return;
  throw new Error(`of ${expected} messages there are ${JSON.stringify(found)}`);
}

function portOf(first: unknown): number {
  if (typeof first === "object" && first !== null && "port" in first && typeof first.port === "number")
    return first.port;
  throw new Error("the receiver did not say where it listens");
}
