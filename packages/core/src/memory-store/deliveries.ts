import type { DeliveryStore, FanOut } from "../store/deliveries.ts";
import { claim, lease } from "./claim.ts";
import { enqueue, firstOf, holdUntil, queueOf, queuesIn, readyAt } from "./queue.ts";
import { settle } from "./settle.ts";
import type { DeliveryRow, MessageRow, Tables } from "./tables.ts";

/** The queue in memory. */
export function memoryDeliveries(open: () => Tables, clock: () => number): DeliveryStore {
  return {
    fanOut: async ({ messages, leaseMs, now = clock() }) => {
      const tables = open();
      const taken = messages.flatMap((message) => fanOutOne(tables, message, { leaseMs, now }) ?? []);
      const created = taken.flatMap(({ deliveries }) => deliveries);
      const leased = created.filter((delivery) => delivery.leasedAt !== null);
      return { taken: taken.length, created: created.length, leased: new Set(leased.map((delivery) => delivery.id)) };
    },

    claim: async ({ now = clock(), ...input }) => claim(open(), input, now),

    settle: async ({ settlements, now = clock() }) => settle(open(), settlements, now),

    hold: async ({ partitions, endpointId, holdMs, now = clock() }) => {
      const tables = open();
      for (const partition of partitions) {
        const queue = queueOf(tables, partition, endpointId, "scheduled");
        if (holdMs === 0) queue.heldUntil = now;
        else holdUntil(queue, now + holdMs);
      }
    },

    pace: async ({ partitions, endpointId, perSecond }) => {
      const tables = open();
      for (const partition of partitions) queueOf(tables, partition, endpointId, "scheduled").pace = perSecond;
    },

    forgetFailures: async ({ endpointId }) => {
      const tables = open();
      const health = tables.health.get(endpointId);
      if (health === undefined) return;
      tables.health.set(endpointId, { ...health, consecutiveFailures: 0, exhaustedInRow: 0, failingSince: null });
    },

    cancel: async ({ partitions, endpointId, limit, now = clock() }) => {
      let cancelled = 0;
      for (const queue of queuesIn(open(), partitions)) {
        if (queue.endpointId !== endpointId) continue;
        for (let first = firstOf(queue); first !== null && cancelled < limit; first = firstOf(queue)) {
          first.status = "cancelled";
          first.leasedAt = null;
          first.updatedAt = now;
          cancelled += 1;
        }
      }
      return cancelled;
    },

    nextDueInMs: async ({ partitions, now = clock() }) => {
      const next = queuesIn(open(), partitions).reduce(
        (earliest, queue) => Math.min(earliest, readyAt(queue)),
        Number.POSITIVE_INFINITY,
      );
      return next === Number.POSITIVE_INFINITY ? null : Math.max(next - now, 0);
    },
  };
}

function fanOutOne(
  tables: Tables,
  { partition, messageId, deliveries }: FanOut,
  { leaseMs, now }: { readonly leaseMs: number; readonly now: number },
): MessageRow | null {
  const row = tables.messages.get(messageId);
  if (row === undefined || row.message.partition !== partition || !tables.awaiting.delete(row)) return null;
  for (const wanted of deliveries) {
    if (tables.deliveries.has(wanted.id)) continue;
    const delivery: DeliveryRow = {
      id: wanted.id,
      message: row.message,
      endpointId: wanted.endpointId,
      createdAt: now,
      attempts: [],
      updatedAt: now,
      status: wanted.status,
      lane: "scheduled",
      scheduledAttempts: 0,
      fence: 0,
      dueAt: now,
      leasedAt: null,
    };
    row.deliveries.push(delivery);
    tables.deliveries.set(delivery.id, delivery);
    if (delivery.status === "skipped") continue;
    const { heldUntil, pace } = queueOf(tables, partition, delivery.endpointId, "scheduled");
    if (wanted.lease && heldUntil <= now && pace === null) lease(delivery, leaseMs, now);
    enqueue(tables, delivery);
  }
  return row;
}
