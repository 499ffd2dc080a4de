import type { Outcome } from "./model.ts";

/** What a dispatcher has learnt of an endpoint from the requests that it has made. */
export type Breaker = {
  /** Requests that may be open at once. */
  readonly limit: number;
  /** Failures since the last answer. */
  readonly failures: number;
  /** How long the endpoint is held back since `heldAt`; 0 while the breaker is closed. */
  readonly holdMs: number;
  /** By a clock that never jumps. */
  readonly heldAt: number;
  /** How long the last request took. */
  readonly tookMs: number;
};

/** A breaker after a request, and for how long the endpoint is to be held back for that; `null` for not at all. */
export type Noted = { readonly breaker: Breaker; readonly holdMs: number | null };

/** A request that has ended; both by a clock that never jumps. */
export type Ended = { readonly startedAt: number; readonly endedAt: number; readonly answered: boolean };

/** A request that is open for longer takes a slot away from many quick ones. */
export const slowMs = 1_000;
/** An endpoint whose request took longer is mostly not there: most timeouts are longer, and most answers much quicker. */
export const hangingMs = 5_000;
/** Requests that an endpoint may have open until it has answered one. */
export const firstLimit = 4;
/** So many failures in a row open the breaker. */
const failuresToOpen = 5;
const firstHoldMs = 1_000;
const longestHold = { atLeastMs: 100, atMostMs: 60_000 };

/** What the options say of breakers. */
export type BreakerBounds = {
  /** The most requests that an endpoint may have open. */
  readonly perEndpoint: number;
  readonly longestHoldMs: number;
};

/** In whole milliseconds, as stores keep them. A breaker holds for a minute at most, and never for longer than the longest delay of the schedule of retries. */
export function longestHoldOf(scheduleSeconds: readonly number[]): number {
  const { atLeastMs, atMostMs } = longestHold;
  if (scheduleSeconds.length === 0) return atMostMs;
  return Math.max(atLeastMs, Math.min(Math.ceil(Math.max(...scheduleSeconds) * 1_000), atMostMs));
}

/**
 * Whether the receiver was there and did its work, so that it can take more. Not so a timeout, an error of the transport, a
 * 5xx, or a 429, which asks for less. Any other status is an answer: a 404 or 400 may be about this one message, costs the
 * receiver little, and must not keep the next from it.
 */
export function isAnswer(outcome: Outcome): boolean {
  return outcome.kind === "response" && outcome.statusCode < 500 && outcome.statusCode !== 429;
}

/**
 * What follows from a request that has ended. Each answer lets one more request be open, from {@link firstLimit} up to
 * `perEndpoint`. Five failures in a row open the breaker: the endpoint is held for a second, then gets one request at a time,
 * and each that fails doubles the hold, up to the longest. An answer closes it.
 *
 * @param breaker `undefined` when nothing is known of the endpoint.
 */
export function breakerAfter(breaker: Breaker | undefined, ended: Ended, bounds: BreakerBounds): Noted {
  const { perEndpoint, longestHoldMs } = bounds;
  const { startedAt, endedAt, answered } = ended;
  const tookMs = endedAt - startedAt;
  const first = Math.min(firstLimit, perEndpoint);
  const { limit = first, failures = 0, holdMs = 0, heldAt = 0 } = breaker ?? {};
  if (answered) {
    const more = holdMs > 0 ? first : Math.min(limit + 1, perEndpoint);
    return { breaker: { limit: more, failures: 0, holdMs: 0, heldAt: 0, tookMs }, holdMs: null };
  }
  const failed = { limit, failures: failures + 1, holdMs, heldAt, tookMs };
  // Those that were open already when it opened say nothing new.
  const isOld = holdMs > 0 && startedAt <= heldAt;
  if (failed.failures < failuresToOpen || isOld) return { breaker: failed, holdMs: null };
  const nextHoldMs = Math.min(holdMs === 0 ? firstHoldMs : holdMs * 2, longestHoldMs);
  return { breaker: { ...failed, limit: 1, holdMs: nextHoldMs, heldAt: endedAt }, holdMs: nextHoldMs };
}
