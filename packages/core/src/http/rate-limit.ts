import { OuthookError } from "../errors.ts";
import { shown } from "../shown.ts";
import type { Principal } from "./contract.ts";

/** What a rate limiter says of a request. Numbers given are told to the caller in `RateLimit-…` headers. */
export type RateLimitResult =
  | {
      readonly ok: true;
      /** Requests allowed in the current window. */
      readonly limit?: number | undefined;
      readonly remaining?: number | undefined;
      /** Seconds until the window ends. */
      readonly resetSeconds?: number | undefined;
    }
  | {
      readonly ok?: false | undefined;
      /** Seconds to wait, told in `Retry-After` (429). */
      readonly retryAfterSeconds: number;
      readonly limit?: number | undefined;
    };

/** Asked for every authenticated request, before anything else is looked at. */
export type RateLimit<Native> = (principal: Principal, request: Native) => RateLimitResult | Promise<RateLimitResult>;

/** Checks what the host's hook said. Throws `internal`, naming it. */
export function parseRateLimit(result: unknown): RateLimitResult {
  const said: Readonly<Record<string, unknown>> = { ...Object(result) };
  const numbers = ["limit", "remaining", "resetSeconds", "retryAfterSeconds"];
  const wrong = numbers.find((name) => said[name] !== undefined && !Number.isFinite(said[name]));
  if (wrong === undefined && (said["ok"] === true || said["retryAfterSeconds"] !== undefined)) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- checked just now
    return said as RateLimitResult;
  }
  const fault = wrong === undefined ? "neither ok: true nor retryAfterSeconds" : `${wrong}: ${shown(said[wrong])}`;
  throw new OuthookError("internal", `rateLimit returned ${fault}; return { ok: true } or { retryAfterSeconds: 30 }`);
}

/** The headers that tell the caller. */
export function rateLimitHeaders(result: RateLimitResult): Readonly<Record<string, string>> {
  const { limit } = result;
  const [remaining, reset] =
    result.ok === true ? [result.remaining, result.resetSeconds] : [0, result.retryAfterSeconds];
  return {
    ...(limit !== undefined && { "ratelimit-limit": String(limit) }),
    ...(remaining !== undefined && limit !== undefined && { "ratelimit-remaining": String(Math.max(0, remaining)) }),
    ...(reset !== undefined && limit !== undefined && { "ratelimit-reset": wholeSeconds(reset) }),
    ...(result.ok !== true && { "retry-after": wholeSeconds(result.retryAfterSeconds) }),
  };
}

function wholeSeconds(seconds: number): string {
  return String(Math.max(0, Math.ceil(seconds)));
}
