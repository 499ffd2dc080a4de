// oxlint-disable no-unused-expressions -- a template of `sql` is a call
import type { Attempt, Claim, Delivery, DeliveryStatus, LogStore, Message } from "@outhook/core";
import type { Connection, Sql } from "./connection.ts";
import { healthOf, queueOf, queuesOf, refresh } from "./deliveries.ts";

/** A delivery with what of its queue row and its lease the log does not show. */
type Row = {
  readonly delivery: Delivery;
  readonly of: Pick<Claim, "partition" | "lane" | "scheduledAttempts"> & { queue: number; leasedAt: number | null };
};

const statuses: readonly DeliveryStatus[] = ["pending", "succeeded", "failed", "skipped", "cancelled"];

/** Reading what happened, and asking for it again. */
export function log({ reads, writes }: Connection, clock: () => number): LogStore {
  return {
    ...reads<Omit<LogStore, "redeliver">>({
      message(sql, { partitions, tenant, id }) {
        const row = sql.get<
          Message & { seq: number; waiting: number }
        >`select id, partition, tenant, type, body, createdAt,
          seq, (partition, createdAt, id) in (select partition, createdAt, id from outhook_waiting) as waiting
          from outhook_messages
          where id = ${id} and tenant = ${tenant} and partition in (select value from json_each(${partitions}))`;
        if (row === undefined) return null;
        const { seq, waiting, ...message } = row;
        const ids = sql.all<{ id: string }>`select id from outhook_deliveries where message = ${seq} order by id`;
        const found = ids.flatMap((one) => find(sql, { partitions, tenant, id: one.id }) ?? []);
        return { message, fannedOut: waiting === 0, deliveries: found.map(({ delivery }) => delivery) };
      },

      delivery(sql, place) {
        const found = find(sql, place);
        if (found === null) return null;
        const attempts = sql.all<Attempt>`select document from outhook_attempts
          where deliveryId = ${place.id} order by number`;
        return { delivery: found.delivery, attempts };
      },

      deliveries(sql, { partitions, tenant, endpointId, status, limit, after = "\u{10FFFF}" }) {
        // First the ids: of each queue row and status a walk along one index, no longer than the page.
        const walk = (queue: number, one: DeliveryStatus) => sql.all<{ id: string }>`select id from outhook_deliveries
          where queue = ${queue} and status = ${one} and id < ${after} order by id desc limit ${limit}`;
        const wanted = status === undefined ? statuses : [status];
        const ids = queuesOf(sql, partitions, endpointId).flatMap((queue) => wanted.flatMap((one) => walk(queue, one)));
        const page = ids.toSorted((a, b) => (a.id < b.id ? 1 : -1)).slice(0, limit);
        return page.flatMap(({ id }) => find(sql, { partitions, tenant, id })?.delivery ?? []);
      },

      health: (sql, { endpointIds }) => endpointIds.flatMap((id) => healthOf(sql, id) ?? []),
    }),
    ...writes<Pick<LogStore, "redeliver">>({
      redeliver(sql, { now = clock(), ...place }) {
        const found = find(sql, place);
        if (found === null) return "not_found";
        const { delivery, of } = found;
        const dueAt = delivery.nextAttemptAt;
        if (dueAt !== null && of.leasedAt !== null && dueAt > now) return "in_flight";
        if (dueAt !== null && of.lane === "manual" && dueAt <= now) return "queued";
        const { queue } = queueOf(sql, { ...delivery, ...of, lane: "manual" });
        sql.run`update outhook_deliveries set status = 'pending', queue = ${queue}, dueAt = ${Math.min(dueAt ?? now, now)},
          scheduledAttempts = ${dueAt === null ? null : of.scheduledAttempts}, updatedAt = ${now} where id = ${place.id}`;
        for (const touched of [of.queue, queue]) refresh(sql, touched);
        return "queued";
      },
    }),
  };
}

function find(sql: Sql, { partitions, tenant, id }: Parameters<LogStore["delivery"]>[0]): Row | null {
  const row = sql.get<Delivery & Row["of"]>`select d.id, m.tenant, m.id as messageId, q.endpointId, m.type, d.status,
    d.attempts, d.dueAt as nextAttemptAt, d.createdAt, d.updatedAt, q.partition, q.lane, d.scheduledAttempts, d.queue,
    d.leasedAt from outhook_deliveries d join outhook_messages m on m.seq = d.message join outhook_queue q on q.id = d.queue
    where d.id = ${id} and m.tenant = ${tenant} and q.partition in (select value from json_each(${partitions}))`;
  if (row === undefined) return null;
  const { partition, lane, scheduledAttempts, queue, leasedAt, ...delivery } = row;
  return { delivery, of: { partition, lane, scheduledAttempts, queue, leasedAt } };
}
