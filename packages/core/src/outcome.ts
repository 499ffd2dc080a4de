import type { Outcome } from "./model.ts";
import { parseRetryAfter, retryDelayMs } from "./backoff.ts";
import type { Claim, Settlement } from "./settlement.ts";

/** A claim with what came of it. */
export type SettlementInput = {
  /** `lost`: nothing was sent yet, but an earlier lease lapsed and the store charged an attempt for it. */
  readonly outcome: Outcome | { readonly kind: "lost" };
  /** `scheduledAttempts` as claimed: what was charged before this attempt, lost ones included. */
  readonly claim: Pick<Claim, "lane" | "scheduledAttempts">;
  readonly scheduleSeconds: readonly number[];
  /** Uses so many of the schedule's first delays; `null` for all. */
  readonly maxRetries: number | null;
  readonly random: () => number;
  /** Epoch milliseconds when the response arrived. */
  readonly now: number;
};

/**
 * What follows: `send` now, as a `lost` attempt left some of the schedule, or `settle` with these fields.
 */
export type Verdict =
  | { readonly kind: "send" }
  | {
      readonly kind: "settle";
      readonly next: Settlement["next"];
      /** What is charged to the schedule after this. */
      readonly scheduledAttempts: Settlement["scheduledAttempts"];
      readonly holdMs: Settlement["holdMs"];
      readonly health: Settlement["health"];
      /** Whether there is an attempt to record. */
      readonly counted: boolean;
      /** `gone`: the receiver wants no more; disable the endpoint. */
      readonly endpoint: "gone" | null;
    };

type Settled = Extract<Verdict, { kind: "settle" }>;

/** How soon a claim that this process could not send may be taken again. */
const releaseMs = 1_000;
const throttling: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * Decides what follows from an outcome (Standard Webhooks, "Deliverability and reliability").
 *
 * 2xx succeeds. 410 fails the delivery and ends the endpoint. Anything else, redirects too, is retried by the schedule
 * and fails at its end; `Retry-After` delays the retry and, on 429, 502, 503 and 504, holds back the whole endpoint.
 * A local outcome gives the claim back at no charge. What a person asked for never counts for the endpoint's health.
 *
 * @example
 * const verdict = settlementOf({ outcome, claim, scheduleSeconds: [60, 300], maxRetries: null, random, now });
 */
export function settlementOf(input: SettlementInput): Verdict {
  const { outcome, claim } = input;
  switch (outcome.kind) {
    case "response":
      return afterResponse(input, outcome);
    case "error":
      return attempted(claim, afterFailure(input, null));
    case "local":
      return unattempted(claim, { next: { status: "released", delayMs: releaseMs }, health: null });
    case "lost":
      // Once more even without retries: the dispatcher may have stopped before it sent anything.
      return claim.scheduledAttempts !== null && claim.scheduledAttempts <= Math.max(1, retriesOf(input))
        ? { kind: "send" }
        : unattempted(claim, { next: { status: "failed" }, health: "exhausted" });
  }
}

type Consequence = Pick<Settled, "next" | "health"> & Partial<Pick<Settled, "holdMs" | "endpoint">>;

function afterResponse(
  input: SettlementInput,
  { statusCode, retryAfter }: Extract<Outcome, { kind: "response" }>,
): Verdict {
  if (statusCode >= 200 && statusCode <= 299) {
    return attempted(input.claim, { next: { status: "succeeded" }, health: "success" });
  }
  if (statusCode === 410) {
    return attempted(input.claim, { next: { status: "failed" }, health: "failure", endpoint: "gone" });
  }
  const retryAfterMs = parseRetryAfter(retryAfter, input.now);
  const holds = throttling.has(statusCode) && retryAfterMs !== 0;
  return attempted(input.claim, { ...afterFailure(input, retryAfterMs), holdMs: holds ? retryAfterMs : null });
}

function afterFailure(input: SettlementInput, retryAfterMs: number | null): Consequence {
  const retry = input.claim.scheduledAttempts;
  if (retry === null || retry >= retriesOf(input)) return { next: { status: "failed" }, health: "exhausted" };
  const { scheduleSeconds, random } = input;
  const delayMs = retryDelayMs({ scheduleSeconds, retry, retryAfterMs, random });
  return { next: { status: "pending", delayMs }, health: "failure" };
}

function retriesOf({ scheduleSeconds, maxRetries }: SettlementInput): number {
  return Math.min(scheduleSeconds.length, maxRetries ?? Infinity);
}

function attempted(claim: SettlementInput["claim"], consequence: Consequence): Verdict {
  const charged = claim.scheduledAttempts === null ? null : claim.scheduledAttempts + 1;
  return { ...unattempted(claim, consequence), scheduledAttempts: charged, counted: true };
}

function unattempted({ lane, scheduledAttempts }: SettlementInput["claim"], consequence: Consequence): Settled {
  const health = lane === "manual" ? null : consequence.health;
  return { kind: "settle", holdMs: null, endpoint: null, ...consequence, health, scheduledAttempts, counted: false };
}
