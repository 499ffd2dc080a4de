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

/** When an endpoint is disabled for failing: both must be reached. */
export type AutoDisable = {
  /** Messages in a row whose whole schedule ended without success. */
  readonly messages: number;
  /** Hours since the first failure after the last success. */
  readonly hours: number;
};

/** What follows for an endpoint from its failures: `warn` when it has come half the way. */
export function failingVerdict(
  { exhaustedInRow, failingSince }: EndpointHealth,
  { messages, hours }: AutoDisable,
  now: number,
): "disable" | "warn" | null {
  if (failingSince === null) return null;
  const hoursFailing = (now - failingSince) / 3_600_000;
  if (exhaustedInRow >= messages && hoursFailing >= hours) return "disable";
  return exhaustedInRow * 2 >= messages && hoursFailing * 2 >= hours ? "warn" : null;
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
