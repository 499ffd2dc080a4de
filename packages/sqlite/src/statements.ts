import type { DeliveryStatus, Lane } from "@outhook/core";
import type { Statement } from "./session.ts";

/*
 * The statements that run for every batch, as SQLite is to plan them: each finds its rows by one index and names the
 * partition. A test holds both. A list of partitions is one parameter, JSON text.
 *
 * A plus before a parameter stands where SQLite would otherwise look at its value to plan, and so plan the statement again
 * at every run, which takes ten times as long as running it: beside ORDER BY and in LIMIT.
 */

export type WaitingRow = readonly [createdAt: number, id: string, partition: number];

export type ReadyRow = readonly [partition: number, endpointId: string, lane: Lane];

export type DueRow = readonly [
  id: string,
  tenant: string,
  messageId: string,
  type: string,
  fence: number,
  attempts: number,
  scheduledAttempts: number | null,
  leasedAt: number | null,
];

export type HealthRow = readonly [
  consecutiveFailures: number,
  exhaustedInRow: number,
  failingSince: number | null,
  lastDeliveryAt: number | null,
  lastSuccessAt: number | null,
  lastError: string | null,
];

export type DeliveryState = readonly [
  partition: number,
  endpointId: string,
  status: DeliveryStatus,
  lane: Lane,
  dueAt: number | null,
  leasedAt: number | null,
  scheduledAttempts: number | null,
];

export const insertMessage: Statement = {
  sql: `insert into outhook_messages
(partition, id, tenant, type, created_at, fanned_out, idempotency_key, payload_hash, body)
values (?, ?, ?, ?, ?, 0, ?, ?, ?)`,
};

export const partitionsWaiting: Statement<readonly [partition: number]> = {
  sql: `select p.value from json_each(?) p
where exists (select 1 from outhook_messages m where m.partition = p.value and m.fanned_out = 0)`,
};

export const waiting: Statement<WaitingRow> = {
  sql: `select created_at, id, partition from outhook_messages
where partition = +? and fanned_out = 0 and (created_at, id) > (+?, +?)
order by created_at, id limit +?`,
};

export const message: Statement<readonly [tenant: string, type: string, body: string]> = {
  sql: "select tenant, type, body from outhook_messages where partition = ? and id = ?",
};

export const markFannedOut: Statement = {
  sql: "update outhook_messages set fanned_out = 1 where partition = ? and id = ? and fanned_out = 0",
};

export const insertDelivery: Statement = {
  sql: `insert into outhook_deliveries
(partition, id, tenant, message_id, endpoint_id, type, status, due_at, leased_at, fence, created_at, updated_at,
 lane, attempts, scheduled_attempts)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'scheduled', 0, 0)
on conflict do nothing`,
};

export const holdAndPace: Statement<readonly [heldUntil: number | null, pace: number | null]> = {
  sql: `select held_until, pace from outhook_queue
where partition = ? and endpoint_id = ? and lane = 'scheduled'`,
};

/** Adds deliveries; next_due_at and ready_at are both when the first of them is due. */
export const enqueue: Statement = {
  sql: `insert into outhook_queue (partition, endpoint_id, lane, next_due_at, ready_at)
values (?, ?, 'scheduled', ?, ?)
on conflict (partition, endpoint_id, lane) do update set
  next_due_at = min(coalesce(next_due_at, excluded.next_due_at), excluded.next_due_at),
  ready_at = max(
    min(coalesce(next_due_at, excluded.next_due_at), excluded.next_due_at),
    coalesce(held_until, 0),
    coalesce(served_at, 0))`,
};

export const ready: Statement<ReadyRow> = {
  sql: `select partition, endpoint_id, lane from outhook_queue indexed by outhook_queue_ready
where ready_at <= +? and partition in (select value from json_each(?))
  and endpoint_id not in (select value from json_each(?))
order by ready_at limit +?`,
};

export const due: Statement<DueRow> = {
  sql: `select id, tenant, message_id, type, fence, attempts, scheduled_attempts, leased_at from outhook_deliveries
where partition = +? and endpoint_id = +? and lane = +? and status = 'pending' and due_at <= +?
order by due_at, id limit +?`,
};

export const body: Statement<readonly [body: string]> = {
  sql: "select body from outhook_messages where partition = ? and id = ?",
};

/** A delivery whose message is gone. */
export const cancelOne: Statement = {
  sql: `update outhook_deliveries set status = 'cancelled', due_at = null, leased_at = null, updated_at = ?
where partition = ? and id = ?`,
};

export const lease: Statement = {
  sql: `update outhook_deliveries set due_at = ?, leased_at = ?, fence = fence + 1
where partition = ? and id = ?`,
};

export const chargeLost: Statement = {
  sql: `update outhook_deliveries
set attempts = attempts + 1, scheduled_attempts = scheduled_attempts + 1, updated_at = ?
where partition = ? and id = ?`,
};

export const insertAttempt: Statement = {
  sql: `insert into outhook_attempts
(partition, delivery_id, number, started_at, duration_ms, status_code, error_class, error, signature, response_body)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
};

/** After a claim took something of the row; served_at stands twice. */
export const serve: Statement = {
  sql: `update outhook_queue set served_at = ?, (next_due_at, ready_at) = (
  select d.due_at, max(d.due_at, coalesce(outhook_queue.held_until, 0), ?) from outhook_deliveries d
  where d.partition = outhook_queue.partition and d.endpoint_id = outhook_queue.endpoint_id
    and d.lane = outhook_queue.lane and d.status = 'pending'
  order by d.due_at limit 1)
where partition = ? and endpoint_id = ? and lane = ?`,
};

/** A row that waits for nothing but the time of its turn, which lies ahead only when the clock was set back. */
export const servedLater: Statement<readonly [servedAt: number]> = {
  sql: `select served_at from outhook_queue indexed by outhook_queue_served
where served_at = ready_at and served_at > +? and partition in (select value from json_each(?))
limit 1`,
};

/** Makes all such rows served now; it stands three times. */
export const forgetServedLater: Statement = {
  sql: `update outhook_queue indexed by outhook_queue_served set
  served_at = ?, ready_at = max(next_due_at, coalesce(held_until, 0), ?)
where served_at = ready_at and served_at > ? and partition in (select value from json_each(?))`,
};

/** After anything else changed the deliveries of the row. */
export const refresh: Statement = {
  sql: `update outhook_queue set (next_due_at, ready_at) = (
  select d.due_at, max(d.due_at, coalesce(outhook_queue.held_until, 0), coalesce(outhook_queue.served_at, 0))
  from outhook_deliveries d
  where d.partition = outhook_queue.partition and d.endpoint_id = outhook_queue.endpoint_id
    and d.lane = outhook_queue.lane and d.status = 'pending'
  order by d.due_at limit 1)
where partition = ? and endpoint_id = ? and lane = ?`,
};

export const settle: Statement = {
  sql: `update outhook_deliveries set
  status = ?, lane = ?, due_at = ?, leased_at = null, attempts = attempts + ?, scheduled_attempts = ?, updated_at = ?
where partition = ? and id = ? and lane = ? and fence = ? and leased_at is not null and status = 'pending'`,
};

export const health: Statement<HealthRow> = {
  sql: `select consecutive_failures, exhausted_in_row, failing_since, last_delivery_at, last_success_at, last_error
from outhook_health where endpoint_id = ?`,
};

export const writeHealth: Statement = {
  sql: `insert into outhook_health
(endpoint_id, consecutive_failures, exhausted_in_row, failing_since, last_delivery_at, last_success_at, last_error)
values (?, ?, ?, ?, ?, ?, ?)
on conflict (endpoint_id) do update set
  consecutive_failures = excluded.consecutive_failures, exhausted_in_row = excluded.exhausted_in_row,
  failing_since = excluded.failing_since, last_delivery_at = excluded.last_delivery_at,
  last_success_at = excluded.last_success_at, last_error = excluded.last_error`,
};

export const forgetFailures: Statement = {
  sql: `update outhook_health set consecutive_failures = 0, exhausted_in_row = 0, failing_since = null where endpoint_id = ?`,
};

export const hold: Statement = {
  sql: `insert into outhook_queue (partition, endpoint_id, lane, held_until) values (?, ?, 'scheduled', ?)
on conflict (partition, endpoint_id, lane) do update set
  held_until = max(coalesce(held_until, 0), excluded.held_until),
  ready_at = max(next_due_at, coalesce(held_until, 0), excluded.held_until, coalesce(served_at, 0))`,
};

export const pace: Statement = {
  sql: `insert into outhook_queue (partition, endpoint_id, lane, pace) values (?, ?, 'scheduled', ?)
on conflict (partition, endpoint_id, lane) do update set pace = excluded.pace`,
};

/** The end of the hold stands twice. */
export const endHold: Statement = {
  sql: `update outhook_queue set held_until = ?, ready_at = max(next_due_at, ?, coalesce(served_at, 0))
where partition = ? and endpoint_id = ? and lane = 'scheduled'`,
};

/** The partition stands twice, so that both levels are found by it. */
export const cancel: Statement = {
  sql: `update outhook_deliveries set status = 'cancelled', due_at = null, leased_at = null, updated_at = ?
where partition = ? and id in (
  select id from outhook_deliveries where partition = ? and endpoint_id = ? and status = 'pending' limit +?)`,
};

export const nextReady: Statement<readonly [readyAt: number]> = {
  sql: `select ready_at from outhook_queue indexed by outhook_queue_ready
where ready_at is not null and partition in (select value from json_each(?))
order by ready_at limit 1`,
};

export const deliveryState: Statement<DeliveryState> = {
  sql: `select partition, endpoint_id, status, lane, due_at, leased_at, scheduled_attempts
from outhook_deliveries
where partition in (select value from json_each(?)) and id = ? and tenant = ?`,
};

export const redeliver: Statement = {
  sql: `update outhook_deliveries set
  status = 'pending', lane = 'manual', due_at = ?, scheduled_attempts = ?, updated_at = ?
where partition = ? and id = ?`,
};

export const openManualLane: Statement = {
  sql: `insert into outhook_queue (partition, endpoint_id, lane) values (?, ?, 'manual')
on conflict do nothing`,
};
