import { lostError } from "../attempt.ts";
import type { DeliveryStore } from "../store/deliveries.ts";
import type { Claim } from "../settlement.ts";
import { enqueue, firstOf, holdUntil, queuesIn, readyAt } from "./queue.ts";
import type { DeliveryRow, Tables, Queue } from "./tables.ts";

type ClaimInput = Parameters<DeliveryStore["claim"]>[0];

/** Leases due deliveries of the queue rows that are ready, the one that has waited longest first. */
export function claim(tables: Tables, input: ClaimInput, now: number): readonly Claim[] {
  const claims: Claim[] = [];
  const taken = new Map<string, number>();
  for (const queue of readyQueues(tables, input.partitions, now)) {
    const before = taken.get(queue.endpointId) ?? 0;
    const room = (input.room.get(queue.endpointId) ?? input.perEndpoint) - before;
    const due = takeDue(tables, queue, {
      most: Math.min(room, input.limit - claims.length, queue.pace ?? Infinity),
      leaseMs: input.leaseMs,
      now,
    });
    if (due.length === 0) continue;
    queue.servedAt = now;
    if (queue.pace !== null) holdUntil(queue, now + Math.ceil((due.length * 1_000) / queue.pace));
    taken.set(queue.endpointId, before + due.length);
    claims.push(...due);
  }
  return claims;
}

/** Puts a lease on a pending delivery, up to which nobody else gets it. */
export function lease(delivery: DeliveryRow, leaseMs: number, now: number): void {
  delivery.fence += 1;
  delivery.leasedAt = now;
  delivery.dueAt = now + leaseMs;
}

/** A row that was just served comes after all that waited. */
function readyQueues(tables: Tables, partitions: readonly number[], now: number): readonly Queue[] {
  const ready: { readonly queue: Queue; readonly turn: number }[] = [];
  for (const queue of queuesIn(tables, partitions)) {
    const at = readyAt(queue);
    if (at > now) continue;
    // Served later than now: the clock was set back.
    queue.servedAt = Math.min(queue.servedAt, now);
    ready.push({ queue, turn: Math.max(at, queue.servedAt) });
  }
  return ready.toSorted((a, b) => a.turn - b.turn).map(({ queue }) => queue);
}

function takeDue(
  tables: Tables,
  queue: Queue,
  { most, leaseMs, now }: { readonly most: number; readonly leaseMs: number; readonly now: number },
): readonly Claim[] {
  const claims: Claim[] = [];
  for (let first = firstOf(queue); claims.length < most; first = firstOf(queue)) {
    if (first === null || first.dueAt > now) break;
    const lapsed = first.leasedAt !== null;
    if (first.leasedAt !== null) recordLost(first, first.leasedAt, now);
    lease(first, leaseMs, now);
    enqueue(tables, first);
    claims.push(claimOf(first, queue, lapsed));
  }
  return claims;
}

function recordLost(delivery: DeliveryRow, startedAt: number, now: number): void {
  delivery.attempts.push({
    deliveryId: delivery.id,
    number: delivery.attempts.length + 1,
    startedAt,
    durationMs: now - startedAt,
    statusCode: null,
    errorClass: "lost",
    error: lostError,
    signature: null,
    responseBody: null,
  });
  if (delivery.scheduledAttempts !== null) delivery.scheduledAttempts += 1;
  delivery.updatedAt = now;
}

function claimOf({ message, ...delivery }: DeliveryRow, { pace }: Queue, lapsed: boolean): Claim {
  return {
    partition: message.partition,
    deliveryId: delivery.id,
    tenant: message.tenant,
    messageId: message.id,
    endpointId: delivery.endpointId,
    type: message.type,
    body: message.body,
    lane: delivery.lane,
    fence: delivery.fence,
    attempts: delivery.attempts.length,
    scheduledAttempts: delivery.scheduledAttempts,
    pace,
    lapsed,
  };
}
