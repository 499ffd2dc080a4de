import type { DeliveryStore, EndpointHealth, HealthEvent, Lane, Settlement, SettleResult } from "@outhook/core";
import { healthAfter, newHealth } from "@outhook/core/for-stores";
import type { QueueRow } from "./queue.ts";
import { holdUntil, refresh } from "./queue.ts";
import type { Session } from "./session.ts";
import * as statements from "./statements.ts";

/** Records a batch of attempts, each with what follows from it. */
export function settle(
  session: Session,
  settlements: readonly Settlement[],
  now: number,
): Awaited<ReturnType<DeliveryStore["settle"]>> {
  const results: SettleResult[] = [];
  const touched = new Map<string, QueueRow>();
  const events = new Map<string, HealthEvent[]>();
  for (const settlement of settlements) {
    const lane = settleOne(session, settlement, now);
    results.push(lane === null ? "lease_lost" : "settled");
    if (lane === null) continue;
    const { partition, endpointId, next, holdMs, health, attempt } = settlement;
    for (const of of next.status === "pending" ? ([lane, "scheduled"] as const) : [lane]) {
      touched.set(`${partition}:${of}:${endpointId}`, { partition, endpointId, lane: of });
    }
    if (holdMs !== null) holdUntil(session, settlement, now + holdMs);
    if (health === null) continue;
    const ofEndpoint = events.get(endpointId) ?? [];
    ofEndpoint.push({ kind: health, attempt });
    events.set(endpointId, ofEndpoint);
  }
  for (const row of touched.values()) refresh(session, row);
  return { results, health: foldHealth(session, events, now) };
}

/**
 * Returns the lane in which the delivery was, `null` when its lease is lost. It is the lane of the claim, unless that lease
 * has lapsed and a person asked for the delivery again.
 */
function settleOne(session: Session, settlement: Settlement, now: number): Lane | null {
  const { lane } = settlement;
  if (settleIn(session, settlement, { lane, now })) return lane;
  const other = lane === "manual" ? "scheduled" : "manual";
  return settleIn(session, settlement, { lane: other, now }) ? other : null;
}

function settleIn(
  session: Session,
  settlement: Settlement,
  { lane, now }: { readonly lane: Lane; readonly now: number },
): boolean {
  const { partition, deliveryId, fence, attempt, next, scheduledAttempts } = settlement;
  const pending = next.status === "pending" || next.status === "released";
  const changed = session.run(
    statements.settle,
    pending ? "pending" : next.status,
    next.status === "pending" ? "scheduled" : lane,
    pending ? now + next.delayMs : null,
    attempt === null ? 0 : 1,
    scheduledAttempts,
    now,
    partition,
    deliveryId,
    lane,
    fence,
  );
  if (changed === 0) return false;
  if (attempt !== null) recordAttempt(session, settlement, attempt);
  return true;
}

function recordAttempt(
  session: Session,
  { partition, deliveryId }: Settlement,
  attempt: NonNullable<Settlement["attempt"]>,
): void {
  session.run(
    statements.insertAttempt,
    partition,
    deliveryId,
    attempt.number,
    attempt.startedAt,
    attempt.durationMs,
    attempt.statusCode,
    attempt.errorClass,
    attempt.error,
    attempt.signature,
    attempt.responseBody,
  );
}

/** Writes the endpoints' health and returns that of those with a failure among the events. */
function foldHealth(
  session: Session,
  events: ReadonlyMap<string, readonly HealthEvent[]>,
  now: number,
): readonly EndpointHealth[] {
  const failing: EndpointHealth[] = [];
  for (const [endpointId, ofEndpoint] of events) {
    const health = healthAfter(readHealth(session, endpointId), ofEndpoint, now);
    writeHealth(session, health);
    if (ofEndpoint.some(({ kind }) => kind !== "success")) failing.push(health);
  }
  return failing;
}

function readHealth(session: Session, endpointId: string): EndpointHealth {
  const row = session.get(statements.health, endpointId);
  if (row === undefined) return newHealth(endpointId);
  const [consecutiveFailures, exhaustedInRow, failingSince, lastDeliveryAt, lastSuccessAt, lastError] = row;
  return { endpointId, consecutiveFailures, exhaustedInRow, failingSince, lastDeliveryAt, lastSuccessAt, lastError };
}

function writeHealth(session: Session, health: EndpointHealth): void {
  session.run(
    statements.writeHealth,
    health.endpointId,
    health.consecutiveFailures,
    health.exhaustedInRow,
    health.failingSince,
    health.lastDeliveryAt,
    health.lastSuccessAt,
    health.lastError,
  );
}
