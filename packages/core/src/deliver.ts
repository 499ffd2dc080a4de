import { attemptOf } from "./attempt.ts";
import { isAnswer } from "./breaker.ts";
import type { Breakers } from "./breakers.ts";
import type { Directory, KnownEndpoint } from "./directory.ts";
import type { Pacing } from "./pacing.ts";
import type { Settings } from "./settings.ts";
import { leaseMarginMs } from "./settings.ts";
import type { Verdict } from "./outcome.ts";
import { settlementOf } from "./outcome.ts";
import type { Claim, Settlement } from "./settlement.ts";
import { signedRequest, timeoutMsOf } from "./signed-request.ts";
import type { Transport } from "./transport.ts";
import type { Endpoint, EndpointHealth, Outcome } from "./model.ts";

/** A claim seen through to what must be written, and what to do once it is. */
export type Delivered = {
  readonly settlement: Settlement;
  /** Given the endpoint's health where a failure counted for it. Never rejects. */
  readonly onSettled: (health: EndpointHealth | null) => void | Promise<void>;
};

/** Makes the attempt of one claim, or finds that none is to be made. Never rejects. */
export type Deliver = (claim: Claim, leasedUntil: number) => Promise<Delivered>;

/** What follows from settled claims outside their rows. Neither call rejects. */
export type DeliverReports = {
  readonly onSettled: (claim: Claim, settlement: Settlement) => void;
  /** The receiver answered 410; this is the endpoint as it was sent to. */
  readonly onGone: (claim: Claim, endpoint: Endpoint) => Promise<void>;
  /** The endpoint, as it was sent to, fares so badly after a failure. */
  readonly onFailing: (claim: Claim, endpoint: Endpoint, health: EndpointHealth) => Promise<void>;
};

/**
 * How long the queue of a disabled endpoint is left alone before it is looked at again. Finite and short, so that an
 * endpoint whose enabling was cut off half-way is not held for long; looking again costs a claim.
 */
export const disabledHoldMs = 60_000;

const nothing = (): void => undefined;
/** How soon a claim whose endpoint could not be read or signed for is tried again. */
const unreadyMs = 1_000;

export function createDeliver(input: {
  readonly directory: Directory;
  readonly transport: Transport;
  readonly pacing: Pacing;
  readonly breakers: Pick<Breakers, "note">;
  readonly settings: Settings;
  readonly reports: DeliverReports;
  /** True once the dispatcher ends open requests itself, so that they are given back and not blamed on receivers. */
  readonly isAborted: () => boolean;
}): Deliver {
  const { directory, transport, pacing, breakers, settings, reports, isAborted } = input;
  const { clock, scheduleSeconds, random, logger } = settings;

  /** The endpoint as it is: that it is gone or disabled is believed only of knowledge as fresh as this call. */
  const find = async ({ tenant, endpointId, lane }: Claim): Promise<KnownEndpoint | undefined> => {
    const recent = directory.tenant(tenant);
    const known = (recent instanceof Promise ? await recent : recent).byId.get(endpointId);
    if (known !== undefined && (known.endpoint.status === "active" || lane === "manual")) return known;
    return (await directory.read([tenant])).get(tenant)?.byId.get(endpointId);
  };

  const judge = (claim: Claim, { endpoint }: KnownEndpoint, outcome: Outcome | { readonly kind: "lost" }): Verdict =>
    settlementOf({ outcome, claim, scheduleSeconds, maxRetries: endpoint.maxRetries, random, now: clock.now() });

  /** How long the endpoint is left alone by its breaker. What this process could not even open says nothing of it. */
  const holdFor = ({ endpointId }: Claim, outcome: Outcome, startedAt: number): number | null =>
    outcome.kind === "local"
      ? null
      : breakers.note(endpointId, { startedAt, endedAt: clock.monotonic(), answered: isAnswer(outcome) });

  const attempt = async (claim: Claim, known: KnownEndpoint): Promise<Delivered> => {
    const startedAt = clock.now();
    const began = clock.monotonic();
    const message = { id: claim.messageId, body: claim.body };
    const { request, signature } = signedRequest(known, message, startedAt, settings);
    const outcome = await transport.send(request);
    if (outcome.kind === "local" && !isAborted()) {
      logger.error({ reason: outcome.message }, "this process cannot open requests; it goes on trying, at no charge");
    }
    if (isAborted() && outcome.kind !== "response") return { settlement: releaseOf(claim), onSettled: nothing };
    const verdict = judge(claim, known, outcome);
    const holdMs = holdFor(claim, outcome, began);
    if (verdict.kind === "send") throw new Error("an attempt that was made cannot be due at once");
    const recorded = attemptOf(outcome);
    const settlement: Settlement = {
      ...releaseOf(claim),
      attempt:
        verdict.counted && recorded !== null
          ? {
              number: claim.attempts + 1,
              startedAt,
              durationMs: Math.round(clock.monotonic() - began),
              signature,
              ...recorded,
            }
          : null,
      next: verdict.next,
      scheduledAttempts: verdict.scheduledAttempts,
      holdMs: longer(verdict.holdMs, holdMs),
      health: verdict.health,
    };
    return {
      settlement,
      onSettled: async (health) => {
        reports.onSettled(claim, settlement);
        if (verdict.endpoint === "gone") await reports.onGone(claim, known.endpoint);
        else if (health !== null) await reports.onFailing(claim, known.endpoint, health);
      },
    };
  };

  /** What must be written instead of making an attempt, or `null` when it is to be made. */
  const withoutAttempt = (claim: Claim, known: KnownEndpoint | undefined, leasedUntil: number): Settlement | null => {
    if (known === undefined) return { ...releaseOf(claim), next: { status: "cancelled" } };
    const { endpoint } = known;
    if (endpoint.status === "disabled" && claim.lane === "scheduled") {
      return { ...releaseOf(claim), holdMs: disabledHoldMs };
    }
    if (claim.lapsed) {
      const verdict = judge(claim, known, { kind: "lost" });
      if (verdict.kind === "settle") return { ...releaseOf(claim), next: verdict.next, health: verdict.health };
    }
    const neededMs = timeoutMsOf(known, settings) + leaseMarginMs;
    return isAborted() || leasedUntil - clock.monotonic() < neededMs ? releaseOf(claim) : null;
  };

  return async (claim, leasedUntil) => {
    try {
      const known = await find(claim);
      if (known !== undefined) void pacing.check(claim, known.endpoint);
      const settlement = withoutAttempt(claim, known, leasedUntil);
      if (known === undefined || settlement !== null) {
        const instead = settlement ?? releaseOf(claim);
        return {
          settlement: instead,
          onSettled: async (health) => {
            reports.onSettled(claim, instead);
            if (known !== undefined && health !== null) await reports.onFailing(claim, known.endpoint, health);
          },
        };
      }
      return await attempt(claim, known);
    } catch (error) {
      // The store is away, or a secret cannot be opened: our fault, so no attempt is used up.
      logger.error(
        { error, endpointId: claim.endpointId, messageId: claim.messageId },
        "an attempt could not be made; the endpoint is tried again in a second at no charge to any schedule",
      );
      return { settlement: { ...releaseOf(claim, unreadyMs), holdMs: unreadyMs }, onSettled: nothing };
    }
  };
}

function longer(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}

/** Gives a claim back as if it had not been taken. */
export function releaseOf(claim: Claim, delayMs = 0): Settlement {
  const { partition, deliveryId, endpointId, lane, fence, scheduledAttempts } = claim;
  return {
    partition,
    deliveryId,
    endpointId,
    lane,
    fence,
    attempt: null,
    next: { status: "released", delayMs },
    scheduledAttempts,
    holdMs: null,
    health: null,
  };
}
