import { isOuthookError } from "./errors.ts";
import type { Settings } from "./settings.ts";
import type { DeliveryStore } from "./store/deliveries.ts";
import type { Settlement, SettleResult } from "./settlement.ts";

/** Writes settlements in batches. */
export type Settler = {
  /** Resolves when the settlement is stored, refused, or given up. */
  readonly settle: (settlement: Settlement) => Promise<SettleResult | "given_up">;
  /** Writes at once instead of waiting for a batch to fill. */
  readonly hurry: () => void;
  /** Stops trying: what could not be written by now is given up, and its leases will lapse. */
  readonly giveUp: () => void;
};

/** A batch is written when it is so large … */
const batchSize = 128;
/** … or so old: long enough to share a commit, short enough not to be felt. */
const batchDelayMs = 5;
const retryDelayMs = 50;
const logEveryMs = 1_000;

type Waiting = {
  readonly settlement: Settlement;
  readonly resolve: (result: SettleResult | "given_up") => void;
};

export function createSettler(input: { readonly deliveries: DeliveryStore; readonly settings: Settings }): Settler {
  const { deliveries } = input;
  const { storeNow, logger, clock } = input.settings;
  let waiting: Waiting[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing = false;
  let givenUp = false;
  let loggedAt = -Infinity;

  const write = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    if (writing) return;
    writing = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchSize);
      waiting = waiting.slice(batchSize);
      if (givenUp) for (const { resolve } of batch) resolve("given_up");
      else await writeBatch(batch);
    }
    writing = false;
  };

  const writeBatch = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      const { results } = await deliveries.settle({
        settlements: batch.map(({ settlement }) => settlement),
        now: storeNow(),
      });
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] ?? "lease_lost");
    } catch (error) {
      logFailure(error, batch.length);
      waiting = [...batch, ...waiting];
      if (!givenUp) await pause(retryDelayMs);
    }
  };

  // The outcomes are kept in memory and written when the store is back: the requests were made and must not be repeated.
  const logFailure = (error: unknown, count: number): void => {
    if (clock.monotonic() - loggedAt < logEveryMs) return;
    loggedAt = clock.monotonic();
    logger.error(
      { error, code: isOuthookError(error) ? error.code : undefined },
      `${count} attempts could not be recorded; trying again. If this process ends first, they will be made again`,
    );
  };

  return {
    settle: (settlement) =>
      new Promise((resolve) => {
        waiting.push({ settlement, resolve });
        if (waiting.length >= batchSize || givenUp) void write();
        else timer ??= setTimeout(() => void write(), batchDelayMs);
      }),
    hurry: () => void write(),
    giveUp: () => {
      givenUp = true;
      void write();
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
