import { isOuthookError } from "./errors.ts";
import type { EndpointHealth } from "./model.ts";
import type { Settings } from "./settings.ts";
import type { DeliveryStore } from "./store/deliveries.ts";
import type { Settlement, SettleResult } from "./settlement.ts";

/** What became of a settlement. */
export type Settled = {
  readonly result: SettleResult | "given_up";
  /** Of its endpoint, after a batch in which a failure counted for it; else `null`. */
  readonly health: EndpointHealth | null;
};

/** Writes settlements in batches. */
export type Settler = {
  /** Resolves when the settlement is stored, refused, or given up. */
  readonly settle: (settlement: Settlement) => Promise<Settled>;
  /** Writes at once instead of waiting for a batch to fill. */
  readonly hurry: () => void;
  /** Stops trying: what could not be written by now is given up, and its leases will lapse. */
  readonly giveUp: () => void;
};

/** A batch is written when it is so large, or larger if more came in while another was written, … */
const batchSize = 128;
const largestBatch = 256;
/** … or so old: long enough to share a commit, short enough not to be felt. */
const batchDelayMs = 10;
const retryDelayMs = 50;

const keptSentence =
  "outcomes of attempts could not be recorded; they are kept and tried again. If this process ends first, the attempts are made again";
const droppedSentence =
  "the store refuses to record what came of an attempt; its lease will lapse and it will be made again";

const givenUpResult: Settled = { result: "given_up", health: null };

type Waiting = {
  readonly settlement: Settlement;
  readonly resolve: (settled: Settled) => void;
};

export function createSettler(input: { readonly deliveries: DeliveryStore; readonly settings: Settings }): Settler {
  const { deliveries } = input;
  const { storeNow, logger } = input.settings;
  let waiting: Waiting[] = [];
  let inHand: readonly Waiting[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing = false;
  /** What waits is enough, or has waited long enough. */
  let due = false;
  let givenUp = false;

  const write = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    due = true;
    if (writing) return;
    writing = true;
    while (due && waiting.length > 0 && !givenUp) {
      inHand = waiting.slice(0, largestBatch);
      waiting = waiting.slice(largestBatch);
      due = waiting.length > 0;
      await writeBatch(inHand);
    }
    inHand = [];
    writing = false;
    if (givenUp) letGo();
  };

  const writeBatch = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      const { results, health } = await deliveries.settle({
        settlements: batch.map(({ settlement }) => settlement),
        now: storeNow(),
      });
      const byEndpoint = new Map(health.map((one) => [one.endpointId, one]));
      for (const [index, { settlement, resolve }] of batch.entries()) {
        resolve({
          result: results[index] ?? "lease_lost",
          health: byEndpoint.get(settlement.endpointId) ?? null,
        });
      }
    } catch (error) {
      await recover(error, batch);
    }
  };

  const recover = async (error: unknown, batch: readonly Waiting[]): Promise<void> => {
    const code = isOuthookError(error) ? error.code : "store_unavailable";
    if (code === "stopped") {
      givenUp = true;
      waiting = [...batch, ...waiting];
    } else if (code !== "internal") {
      // The store will be back, and the requests were made and must not be repeated: keep what came of them.
      logger.error({ error, code, attempts: batch.length }, keptSentence);
      waiting = [...batch, ...waiting];
      due = true;
      if (!givenUp) await pause(retryDelayMs);
    } else if (batch.length > 1) {
      // One of them is at fault; it must not hold up the others.
      for (const one of batch) await writeBatch([one]);
    } else {
      logger.error({ error, deliveryId: batch[0]?.settlement.deliveryId }, droppedSentence);
      for (const { resolve } of batch) resolve(givenUpResult);
    }
  };

  const letGo = (): void => {
    for (const { resolve } of [...inHand, ...waiting]) resolve(givenUpResult);
    waiting = [];
  };

  return {
    settle: (settlement) =>
      new Promise((resolve) => {
        waiting.push({ settlement, resolve });
        if (givenUp) letGo();
        else if (waiting.length >= batchSize) void write();
        else timer ??= setTimeout(() => void write(), batchDelayMs);
      }),
    hurry: () => void write(),
    giveUp: () => {
      givenUp = true;
      clearTimeout(timer);
      letGo();
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
