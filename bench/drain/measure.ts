import { join } from "node:path";
import { stolenMs } from "../process/machine.ts";
import { startChild } from "../process/child.ts";
import type { Receiver } from "../receiver/receiver.ts";
import { verifyReceived } from "../receiver/receiver.ts";
import type { Queue } from "./engine.ts";
import { nothing } from "./engine.ts";
import type { EngineName } from "./engines.ts";
import { kindOf, openEngine } from "./engines.ts";
import type { Queues } from "./queues.ts";
import type { SenderCommands } from "./sender-process.ts";

/** What one drain was like. */
export type Drain = {
  readonly perSecond: number;
  /** Of the sender, as the next two. */
  readonly cpuSecondsPer1000: number;
  readonly peakRssMiB: number;
  /** Of one core, 1 being all of it, as all below. */
  readonly senderShare: number;
  /** Of the sender, without the threads that compile and collect garbage. */
  readonly threadShare: number;
  /** For which that thread had nothing to do until something came, and for which it had and others had the cores. */
  readonly idleShare: number;
  readonly queuedShare: number;
  readonly receiverShare: number;
  /** `null` for a queue without processes of its own. */
  readonly databaseShare: number | null;
  /** What the host of a virtual machine ran instead of it. */
  readonly stolenShare: number;
};

export type Load = {
  readonly messages: number;
  readonly bytes: number;
  readonly inFlight: number;
  /** Messages that wait when the clock starts, of which `messages` are sent. Default: those. */
  readonly waiting?: number | undefined;
  /** Requests open at once to one endpoint. Default Outhook's. */
  readonly perEndpoint?: number | undefined;
  /** Of each endpoint of Outhook. Default 1. */
  readonly patterns?: number | undefined;
  /** Folder for profiles, or `null`. */
  readonly profile: string | null;
};

export type Circumstances = {
  readonly queues: Queues;
  readonly receiver: Receiver;
  readonly load: Load;
  /** What else is to be there before the first message. */
  readonly prepare?: ((queue: Queue) => Promise<void>) | undefined;
};

/** Part of the measured messages that is sent first, so that all code is compiled and all connections are open. */
const warmUpPart = 0.5;

/** How many messages this engine gets of so many. */
export function messagesOf(name: EngineName, messages: number): number {
  const { atMost = Infinity, times = 1 } = kindOf(name);
  return Math.min(messages * times, atMost);
}

/**
 * Drains a queue of its own in a process of its own. Throws unless every message arrived once, signed rightly, and, where the
 * queue keeps a record of it, as often as is recorded.
 */
export async function measureDrain(
  name: EngineName,
  { queues, receiver, load, prepare = nothing }: Circumstances,
): Promise<Drain> {
  const count = messagesOf(name, load.messages);
  const warmUp = Math.ceil(count * warmUpPart);
  const place = await queues.create(name);
  const { inFlight, perEndpoint, patterns, bytes } = load;
  const setup = { queue: place.queue, targets: receiver.targets, inFlight, perEndpoint, patterns, bytes };
  const filler = await openEngine(name, setup);
  await filler.prepare();
  await prepare(place.queue);
  await filler.enqueue({ first: 0, count: warmUp });
  const sender = await startChild<SenderCommands>(join(import.meta.dirname, "sender-process.ts"), load);
  try {
    await receiver.call("forget", { timed: false });
    await sender.call("open", name, setup);
    await sender.call("drain", { first: 0, count: warmUp });
    await place.flush();
    await filler.enqueue({ first: warmUp, count: load.waiting ?? count });
    await place.tidy();

    const databaseBefore = await place.processorTime?.();
    const receiverBefore = await receiver.usage();
    const stolenBefore = stolenMs();
    const { elapsedMs, cpuUs, threadUs, idleMs, queuedMs } = await sender.call("drain", { first: warmUp, count });
    const stolen = stolenMs() - stolenBefore;
    const databaseAfter = await place.processorTime?.();
    const receiverAfter = await receiver.usage();
    const all = load.waiting === undefined || load.waiting === count;
    // What was in flight when the last one that counts was settled has been sent too.
    const sent = all ? warmUp + count : (await receiver.call("counts")).received;
    await verifyReceived(receiver, sent);
    await place.verify(sent, all);
    const spent = databaseAfter === undefined || databaseBefore === undefined ? null : databaseAfter - databaseBefore;
    return {
      perSecond: (count / elapsedMs) * 1_000,
      cpuSecondsPer1000: cpuUs / 1_000 / count,
      peakRssMiB: (await sender.usage()).peakRssBytes / 1_048_576,
      senderShare: cpuUs / 1_000 / elapsedMs,
      threadShare: threadUs / 1_000 / elapsedMs,
      idleShare: idleMs / elapsedMs,
      queuedShare: queuedMs / elapsedMs,
      receiverShare: (receiverAfter.cpuUs - receiverBefore.cpuUs) / 1_000 / elapsedMs,
      databaseShare: spent === null ? null : spent / elapsedMs,
      stolenShare: stolen / elapsedMs,
    };
  } catch (error) {
    throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  } finally {
    await sender.end();
    await filler.close();
    await place.destroy();
  }
}
