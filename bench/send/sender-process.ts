/** Sends to one store, and inserts the same rows by hand, in a process of its own. */
import type { NewMessage } from "../../packages/core/src/store/messages.ts";
import { bodyOf, eventType, groupsOf, messageInTurn, tenantOf } from "../messages.ts";
import { serve, usage } from "../process/serve.ts";
import { quantile } from "../statistics.ts";
import type { Location } from "../stores.ts";
import { openOuthook } from "../stores.ts";
import { openBareInserts } from "./bare.ts";
import type { InTransaction } from "./in-transaction.ts";
import { measureInTransaction } from "./in-transaction.ts";

/** What accepting many messages took; the quantiles are of one call, in milliseconds. */
export type Sends = {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpuSecondsPer1000: number;
};

export type SendCommands = typeof commands;

type Load = {
  readonly callers: number;
  readonly count: number;
  readonly bytes: number;
  /** Messages before the clock starts. */
  readonly warmUp: number;
};

/** As many as Outhook puts into one INSERT at most. */
const mostRows = 256;
const tenants = 64;

async function measure(count: number, callers: number, call: (n: number) => Promise<unknown>): Promise<Sends> {
  const elapsed: number[] = [];
  let next = 0;
  const callOn = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) {
      const start = performance.now();
      await call(n);
      elapsed.push(performance.now() - start);
    }
  };
  const before = usage();
  const start = performance.now();
  await Promise.all(Array.from({ length: callers }, callOn));
  const elapsedMs = performance.now() - start;
  return {
    perSecond: (count / elapsedMs) * 1_000,
    p50: quantile(elapsed, 0.5),
    p99: quantile(elapsed, 0.99),
    cpuSecondsPer1000: (usage().cpuUs - before.cpuUs) / 1_000 / count,
  };
}

/** The payload of which `send` makes a body of so many bytes. */
function dataOf(bytes: number): object {
  return JSON.parse(bodyOf(0, bytes)).data;
}

const commands = {
  /** By `send` without a transaction, each caller one after the other. */
  send: async (location: Location, { callers, count, bytes, warmUp }: Load): Promise<Sends> => {
    const outhook = openOuthook(location);
    const data = dataOf(bytes);
    const send = (n: number): Promise<unknown> => outhook.tenant(tenantOf(n % tenants)).send(eventType, data);
    await measure(warmUp, callers, send);
    const sends = await measure(count, callers, send);
    await outhook.close();
    return sends;
  },
  /** The rows are made before; as many callers share a transaction as fit into one of Outhook's. */
  bare: async (location: Location, { callers, count, bytes, warmUp }: Load): Promise<Sends> => {
    const batchesOf = (messages: number): readonly (readonly NewMessage[])[] =>
      Array.from(groupsOf(0, messages, Math.min(callers, mostRows)), (group) =>
        group.map((n) => messageInTurn(n, { tenants, bytes })),
      );
    const inserts = await openBareInserts(location);
    for (const batch of batchesOf(warmUp)) await inserts.insert(batch);
    const batches = batchesOf(count);
    const sends = await measure(batches.length, 1, (n) => inserts.insert(batches[n] ?? []));
    await inserts.close();
    const perBatch = count / batches.length;
    return {
      ...sends,
      perSecond: sends.perSecond * perBatch,
      cpuSecondsPer1000: sends.cpuSecondsPer1000 / perBatch,
    };
  },
  inTransaction: (location: Location, { count, bytes }: Pick<Load, "count" | "bytes">): Promise<InTransaction> =>
    measureInTransaction(location, count, dataOf(bytes)),
};

serve(commands);
