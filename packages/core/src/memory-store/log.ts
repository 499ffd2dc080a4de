import type { Delivery } from "../model.ts";
import type { LogStore } from "../store/log.ts";
import { enqueue } from "./queue.ts";
import type { DeliveryRow, Tables } from "./tables.ts";

/** Reading what happened, in memory, and asking for it again. */
export function memoryLog(open: () => Tables, clock: () => number): LogStore {
  return {
    message: async ({ partitions, tenant, id }) => {
      const tables = open();
      const row = tables.messages.get(id);
      if (row === undefined || row.message.tenant !== tenant || !partitions.includes(row.message.partition))
        return null;
      return {
        message: { ...row.message },
        fannedOut: !tables.awaiting.has(row),
        deliveries: row.deliveries.map(deliveryOf),
      };
    },

    delivery: async (input) => {
      const row = find(open(), input);
      if (row === null) return null;
      return { delivery: deliveryOf(row), attempts: row.attempts.map((attempt) => ({ ...attempt })) };
    },

    deliveries: async ({ partitions, tenant, endpointId, status, limit, after }) =>
      [...open().deliveries.values()]
        .filter(({ message }) => message.tenant === tenant && partitions.includes(message.partition))
        .filter((row) => row.endpointId === endpointId && (status === undefined || row.status === status))
        .filter((row) => after === undefined || row.id < after)
        .toSorted((a, b) => (a.id < b.id ? 1 : -1))
        .slice(0, limit)
        .map(deliveryOf),

    health: async ({ endpointIds }) => {
      const tables = open();
      return endpointIds.flatMap((id) => {
        const health = tables.health.get(id);
        return health === undefined ? [] : [{ ...health }];
      });
    },

    redeliver: async ({ now = clock(), ...input }) => {
      const tables = open();
      const row = find(tables, input);
      if (row === null) return "not_found";
      if (row.status === "pending") {
        if (row.leasedAt !== null && row.dueAt > now) return "in_flight";
        if (row.lane === "manual" && row.dueAt <= now) return "queued";
        row.dueAt = Math.min(row.dueAt, now);
      } else {
        row.status = "pending";
        row.scheduledAttempts = null;
        row.dueAt = now;
      }
      row.lane = "manual";
      row.updatedAt = now;
      enqueue(tables, row);
      return "queued";
    },
  };
}

function find(
  tables: Tables,
  { partitions, tenant, id }: { readonly partitions: readonly number[]; readonly tenant: string; readonly id: string },
): DeliveryRow | null {
  const row = tables.deliveries.get(id);
  if (row === undefined || row.message.tenant !== tenant || !partitions.includes(row.message.partition)) return null;
  return row;
}

function deliveryOf(row: DeliveryRow): Delivery {
  return {
    id: row.id,
    tenant: row.message.tenant,
    messageId: row.message.id,
    endpointId: row.endpointId,
    type: row.message.type,
    status: row.status,
    attempts: row.attempts.length,
    nextAttemptAt: row.status === "pending" ? row.dueAt : null,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
