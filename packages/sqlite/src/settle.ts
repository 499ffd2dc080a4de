import type { DeliveryStore, EndpointHealth, HealthEvent, Settlement, SettleResult } from "@outhook/core";
import { healthAfter } from "@outhook/core";
import type { QueueRow } from "./queue.ts";
import { holdUntil, refresh } from "./queue.ts";
import type { Session } from "./session.ts";
import * as statements from "./statements.ts";

type EndpointInPartition = Omit<QueueRow, "lane">;

/** Records a batch of attempts, each with what follows from it. */
export function settle(
  session: Session,
  settlements: readonly Settlement[],
  now: number,
): Awaited<ReturnType<DeliveryStore["settle"]>> {
  const results: SettleResult[] = [];
  const touched = new Map<string, EndpointInPartition & { heldUntil: number }>();
  const events = new Map<string, HealthEvent[]>();
  for (const settlement of settlements) {
    const settled = settleOne(session, settlement, now);
    results.push(settled ? "settled" : "lease_lost");
    if (!settled) continue;
    const { partition, endpointId, holdMs, health, attempt } = settlement;
    const key = `${partition}:${endpointId}`;
    const heldUntil = Math.max(touched.get(key)?.heldUntil ?? 0, holdMs === null ? 0 : now + holdMs);
    touched.set(key, { partition, endpointId, heldUntil });
    if (health === null) continue;
    const ofEndpoint = events.get(endpointId) ?? [];
    ofEndpoint.push({ kind: health, attempt });
    events.set(endpointId, ofEndpoint);
  }
  for (const endpoint of touched.values()) {
    if (endpoint.heldUntil > 0) holdUntil(session, endpoint, endpoint.heldUntil);
    refresh(session, endpoint);
  }
  return { results, health: foldHealth(session, events, now) };
}

function settleOne(session: Session, settlement: Settlement, now: number): boolean {
  const { partition, deliveryId, fence, attempt, next, scheduledAttempts } = settlement;
  const pending = next.status === "pending" || next.status === "released";
  const changed = session.run(
    statements.settle,
    pending ? "pending" : next.status,
    next.status === "pending" ? "scheduled" : null,
    pending ? now + next.delayMs : null,
    attempt === null ? 0 : 1,
    scheduledAttempts,
    now,
    partition,
    deliveryId,
    fence,
  );
  if (changed === 0) return false;
  if (attempt !== null) {
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
  return true;
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
  const [consecutiveFailures, exhaustedInRow, failingSince, lastDeliveryAt, lastSuccessAt, lastError] =
    row ?? ([0, 0, null, null, null, null] as const);
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
