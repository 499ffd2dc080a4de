import type { Clock } from "@outhook/core";
import { OuthookError } from "@outhook/core";

/** A clock that moves only when it is told to. */
export type ManualClock = Clock & {
  /** Lets so many milliseconds pass, on both scales. Throws `invalid_options` for a negative number: see `set`. */
  readonly advance: (ms: number) => void;
  /** Moves the wall clock to an epoch millisecond, back too, as an operator or NTP does; `monotonic` stays. */
  readonly set: (at: number) => void;
};

/**
 * A clock for tests. It starts at `startAt` epoch milliseconds (2026-01-01 unless given), its monotonic scale at 0.
 *
 * @example
 * const clock = manualClock();
 * clock.advance(60_000); // the first retry of the default schedule is due
 */
export function manualClock(startAt: number = Date.UTC(2026, 0, 1)): ManualClock {
  let now = startAt;
  let monotonic = 0;
  return {
    now: () => now,
    monotonic: () => monotonic,
    advance: (ms) => {
      if (!(ms >= 0)) {
        throw new OuthookError("invalid_options", `ms: ${ms} would turn time back; use set() to move the wall clock`);
      }
      now += ms;
      monotonic += ms;
    },
    set: (at) => {
      now = at;
    },
  };
}
