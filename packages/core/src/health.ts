import type { Attempt, EndpointHealth } from "./model.ts";

/** What one settled delivery says about its endpoint. */
export type HealthEvent = {
  /** `exhausted` is a failure that ended its schedule. */
  readonly kind: "success" | "failure" | "exhausted";
  /** The attempt behind it; `null` when the delivery was given up without one. */
  readonly attempt: Pick<Attempt, "statusCode" | "error"> | null;
};

/** The health of an endpoint that never had an attempt. */
export function newHealth(endpointId: string): EndpointHealth {
  return {
    endpointId,
    consecutiveFailures: 0,
    exhaustedInRow: 0,
    failingSince: null,
    lastDeliveryAt: null,
    lastSuccessAt: null,
    lastError: null,
  };
}

/**
 * The health after these events, in their order, at `now`.
 *
 * A store reads the health, folds the batch into it and writes it back inside one transaction.
 *
 * @example
 * healthAfter(newHealth("we_1"), [{ kind: "failure", attempt }], now).consecutiveFailures; // 1
 */
export function healthAfter(previous: EndpointHealth, events: readonly HealthEvent[], now: number): EndpointHealth {
  return events.reduce((health, event) => afterOne(health, event, now), previous);
}

function afterOne(health: EndpointHealth, { kind, attempt }: HealthEvent, now: number): EndpointHealth {
  const lastDeliveryAt = attempt === null ? health.lastDeliveryAt : now;
  if (kind === "success") {
    return {
      ...health,
      consecutiveFailures: 0,
      exhaustedInRow: 0,
      failingSince: null,
      lastDeliveryAt,
      lastSuccessAt: now,
    };
  }
  return {
    ...health,
    consecutiveFailures: health.consecutiveFailures + 1,
    exhaustedInRow: health.exhaustedInRow + (kind === "exhausted" ? 1 : 0),
    failingSince: health.failingSince ?? now,
    lastDeliveryAt,
    lastError: attempt === null ? health.lastError : errorText(attempt),
  };
}

function errorText(attempt: Pick<Attempt, "statusCode" | "error">): string | null {
  return attempt.statusCode === null ? attempt.error : `HTTP ${attempt.statusCode}`;
}
