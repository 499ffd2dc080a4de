// oxlint-disable no-unused-expressions -- a template of `sql` is a call
import type { Attempt, Claim, Delivery, DeliveryStatus, LogStore, Message } from "@outhook/core";
import type { Connection, Sql } from "./connection.ts";
import { healthOf, queueOf } from "./deliveries.ts";

type Found = Message & { readonly seq: number; readonly waiting: number };
type Queued = Pick<Claim, "partition" | "endpointId" | "lane" | "scheduledAttempts"> & {
  readonly dueAt: number | null;
  readonly leasedAt: number | null;
};

const statuses: readonly DeliveryStatus[] = ["pending", "succeeded", "failed", "skipped", "cancelled"];

/** Reading what happened, and asking for it again. */
export function log({ reads, writes }: Connection, clock: () => number): LogStore {
  return {
    message: reads((sql, { tenant, id }) => {
      const row = sql.get<Found>`select id, partition, tenant, type, body, createdAt, seq,
        (partition, createdAt, id) in (select partition, createdAt, id from outhook_waiting) as waiting
        from outhook_messages where id = ${id} and tenant = ${tenant}`;
      if (row === null) return null;
      const { seq, waiting, ...message } = row;
      const ids = sql.all<{ id: string }>`select id from outhook_deliveries where message = ${seq} order by id`;
      return { message, fannedOut: waiting === 0, deliveries: ids.flatMap((one) => find(sql, tenant, one.id) ?? []) };
    }),

    delivery: reads((sql, { tenant, id }) => {
      const delivery = find(sql, tenant, id);
      if (delivery === null) return null;
      const attempts = sql.all<Attempt>`select document from outhook_attempts where deliveryId = ${id} order by number`;
      return { delivery, attempts };
    }),

    deliveries: reads((sql, { partitions, tenant, endpointId, status, limit, after = "\u{10FFFF}" }) => {
      // First the ids: of each queue row and status a walk along one index, no longer than the page.
      const walk = (queue: number, one: DeliveryStatus) => sql.all<{ id: string }>`select id from outhook_deliveries
        where queue = ${queue} and status = ${one} and id < ${after} order by id desc limit ${limit}`;
      const wanted = status === undefined ? statuses : [status];
      const queues = sql.all<{ queue: number }>`select id as queue from outhook_queue
        where partition in (select value from json_each(${partitions})) and endpointId = ${endpointId}`;
      const ids = queues.flatMap(({ queue }) => wanted.flatMap((one) => walk(queue, one)));
      const page = ids.toSorted((a, b) => (a.id < b.id ? 1 : -1)).slice(0, limit);
      return page.flatMap(({ id }) => find(sql, tenant, id) ?? []);
    }),

    health: reads((sql, { endpointIds }) => endpointIds.flatMap((id) => healthOf(sql, id) ?? [])),

    redeliver: writes((sql, { tenant, id, now = clock() }) => {
      const row = sql.get<Queued>`select q.partition, q.endpointId, q.lane, d.scheduledAttempts, d.dueAt, d.leasedAt
        from outhook_deliveries d join outhook_messages m on m.seq = d.message join outhook_queue q on q.id = d.queue
        where d.id = ${id} and m.tenant = ${tenant}`;
      if (row === null) return "not_found";
      const { dueAt, leasedAt, lane, scheduledAttempts } = row;
      if (dueAt !== null && leasedAt !== null && dueAt > now) return "in_flight";
      if (dueAt !== null && lane === "manual" && dueAt <= now) return "queued";
      const { queue } = queueOf(sql, { ...row, lane: "manual" });
      sql.run`update outhook_deliveries set status = 'pending', queue = ${queue}, dueAt = ${Math.min(dueAt ?? now, now)},
        scheduledAttempts = ${dueAt === null ? null : scheduledAttempts}, updatedAt = ${now} where id = ${id}`;
      return "queued";
    }),
  };
}

/** Ids are unique in this store, so that it need not be told in which partitions to look. */
function find(sql: Sql, tenant: string, id: string): Delivery | null {
  return sql.get<Delivery>`select d.id, m.tenant, m.id as messageId, q.endpointId, m.type, d.status, d.attempts,
    d.dueAt as nextAttemptAt, d.createdAt, d.updatedAt from outhook_deliveries d
    join outhook_messages m on m.seq = d.message join outhook_queue q on q.id = d.queue
    where d.id = ${id} and m.tenant = ${tenant}`;
}
