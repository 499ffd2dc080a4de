import { setTimeout as pause } from "node:timers/promises";
import { checkOptions } from "./check-options.ts";
import { OuthookError } from "./errors.ts";
import { shown } from "./shown.ts";

/** How long an end may take. */
export type GraceOptions = {
  /** Milliseconds. Default 10,000. */
  readonly graceMs?: number | undefined;
};

/** The time that a stop has. Whoever asks for less shortens it for all; asking for more changes nothing. */
export type Grace = {
  readonly atMost: (graceMs: number) => void;
  /** Resolves when no request may be open any more. */
  readonly requestsOver: Promise<void>;
  /** Resolves when only the time is left that it takes to write down how the last requests ended. */
  readonly cutOffOver: Promise<void>;
  /** Resolves at the end. */
  readonly over: Promise<void>;
  /** To be called when the stop is done. */
  readonly clear: () => void;
};

/** The part of the grace kept for writing down how the last requests ended. */
const settleGraceMs = 500;
/** Longer timers fire at once in Node; 24 days are for ever here. */
const longestMs = 2 ** 31 - 1;

export function createGrace(): Grace {
  const requests = createMoment();
  const cutOff = createMoment();
  const all = createMoment();
  const cleared = new AbortController();
  const after = (ms: number, come: () => void): void => {
    pause(ms, undefined, { signal: cleared.signal }).then(come, () => undefined);
  };
  return {
    atMost: (graceMs) => {
      const reserveMs = Math.min(settleGraceMs, graceMs / 2);
      after(graceMs - reserveMs, requests.come);
      after(graceMs - reserveMs / 2, cutOff.come);
      after(graceMs, all.come);
    },
    requestsOver: requests.passed,
    cutOffOver: cutOff.passed,
    over: all.passed,
    clear: () => cleared.abort(),
  };
}

const notYet = (): void => undefined;

/** Something that comes once. */
function createMoment(): { readonly passed: Promise<void>; readonly come: () => void } {
  let come = notYet;
  const passed = new Promise<void>((resolve) => (come = resolve));
  return { passed, come };
}

/** Throws `invalid_options` for what is no grace. */
export function graceMsOf(options: GraceOptions | undefined): number {
  checkOptions("", options, ["graceMs"]);
  return duration("graceMs", options?.graceMs, 10_000);
}

/** Milliseconds as a timer takes them. Throws `invalid_options` for what is no time. */
export function duration(param: string, value: number | undefined, fallback: number): number {
  const ms = value ?? fallback;
  if (typeof ms === "number" && ms >= 0) return Math.min(ms, longestMs);
  throw new OuthookError("invalid_options", `${param} is ${shown(ms)}; it must be milliseconds, 0 or more`, { param });
}

/** Waits for a promise, but no longer than `ms`. Rejects as it does in that time; later nobody hears of it. */
export async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  const timeUp = pause(ms, undefined, { signal: timer.signal }).catch(() => undefined);
  try {
    await Promise.race([promise, timeUp]);
  } finally {
    timer.abort();
  }
}
