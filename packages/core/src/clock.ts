/**
 * Where the engine gets the time from.
 *
 * Tests pass a manual clock; nothing below the composition root reads the system's time.
 */
export type Clock = {
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Milliseconds that never jump, for measuring spans. */
  readonly monotonic: () => number;
};

/** The system's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
