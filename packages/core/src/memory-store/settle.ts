import type { HealthEvent } from "../health.ts";
import { healthAfter, newHealth } from "../health.ts";
import type { EndpointHealth } from "../model.ts";
import type { Settlement, SettleResult } from "../settlement.ts";
import { enqueue, holdUntil, queueOf } from "./queue.ts";
import type { DeliveryRow, Tables } from "./tables.ts";

/** Records a batch of attempts, each with what follows from it. */
export function settle(
  tables: Tables,
  settlements: readonly Settlement[],
  now: number,
): { readonly results: readonly SettleResult[]; readonly health: readonly EndpointHealth[] } {
  const results: SettleResult[] = [];
  const events = new Map<string, HealthEvent[]>();
  for (const settlement of settlements) {
    const delivery = leasedBy(tables, settlement);
    results.push(delivery === null ? "lease_lost" : "settled");
    if (delivery === null) continue;
    apply(tables, delivery, { settlement, now });
    if (settlement.health === null) continue;
    const event: HealthEvent = { kind: settlement.health, attempt: settlement.attempt };
    events.set(delivery.endpointId, [...(events.get(delivery.endpointId) ?? []), event]);
  }
  return { results, health: foldHealth(tables, events, now) };
}

/** The delivery, if the lease that this fence stands for is still on it. */
function leasedBy(tables: Tables, { deliveryId, partition, fence }: Settlement): DeliveryRow | null {
  const delivery = tables.deliveries.get(deliveryId);
  if (delivery === undefined || delivery.message.partition !== partition) return null;
  const held = delivery.status === "pending" && delivery.leasedAt !== null && delivery.fence === fence;
  return held ? delivery : null;
}

function apply(
  tables: Tables,
  delivery: DeliveryRow,
  { settlement, now }: { readonly settlement: Settlement; readonly now: number },
): void {
  const { attempt, next, holdMs } = settlement;
  if (attempt !== null) delivery.attempts.push({ deliveryId: delivery.id, ...attempt });
  delivery.scheduledAttempts = settlement.scheduledAttempts;
  delivery.leasedAt = null;
  delivery.updatedAt = now;
  if (holdMs !== null) {
    holdUntil(queueOf(tables, delivery.message.partition, delivery.endpointId, "scheduled"), now + holdMs);
  }
  if (next.status === "pending" || next.status === "released") {
    if (next.status === "pending") delivery.lane = "scheduled";
    delivery.dueAt = now + next.delayMs;
    enqueue(tables, delivery);
  } else {
    delivery.status = next.status;
  }
}

/** Writes the endpoints' health and returns that of those with a failure among the events. */
function foldHealth(
  tables: Tables,
  events: ReadonlyMap<string, readonly HealthEvent[]>,
  now: number,
): readonly EndpointHealth[] {
  const failing: EndpointHealth[] = [];
  for (const [endpointId, ofEndpoint] of events) {
    const health = healthAfter(tables.health.get(endpointId) ?? newHealth(endpointId), ofEndpoint, now);
    tables.health.set(endpointId, health);
    if (ofEndpoint.some((event) => event.kind !== "success")) failing.push({ ...health });
  }
  return failing;
}
