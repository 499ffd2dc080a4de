/**
 * The statements that run for every batch, as SQLite is to plan them: each finds its rows by one index and names the
 * partition. A test holds both. A list of partitions is one parameter, JSON text.
 */
export const statements = {
  partitionsWaiting: `select p.value from json_each(?) p
where exists (select 1 from outhook_messages m where m.partition = p.value and m.fanned_out = 0)`,

  waiting: `select created_at, id, partition from outhook_messages
where partition = ? and fanned_out = 0
order by created_at, id limit ?`,

  message: "select tenant, type, body from outhook_messages where partition = ? and id = ?",

  markFannedOut: "update outhook_messages set fanned_out = 1 where partition = ? and id = ? and fanned_out = 0",

  insertDelivery: `insert into outhook_deliveries
(partition, id, tenant, message_id, endpoint_id, type, status, due_at, leased_at, fence, created_at, updated_at,
 lane, attempts, scheduled_attempts)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'scheduled', 0, 0)
on conflict do nothing`,

  heldUntil: `select held_until from outhook_queue
where partition = ? and endpoint_id = ? and lane = 'scheduled'`,

  /** Adds deliveries; next_due_at and ready_at are both when the first of them is due. */
  enqueue: `insert into outhook_queue (partition, endpoint_id, lane, next_due_at, ready_at)
values (?, ?, 'scheduled', ?, ?)
on conflict (partition, endpoint_id, lane) do update set
  next_due_at = min(coalesce(next_due_at, excluded.next_due_at), excluded.next_due_at),
  ready_at = max(
    min(coalesce(next_due_at, excluded.next_due_at), excluded.next_due_at),
    coalesce(held_until, 0),
    coalesce(served_at, 0))`,

  partitionsReady: `select p.value from json_each(?) p
where exists (select 1 from outhook_queue q where q.partition = p.value and q.ready_at <= ?)`,

  ready: `select ready_at, partition, endpoint_id, lane from outhook_queue
where partition = ? and ready_at <= ?
order by ready_at limit ?`,

  due: `select d.id, d.tenant, d.message_id, d.type, d.fence, d.attempts, d.scheduled_attempts, d.leased_at, m.body
from outhook_deliveries d
cross join outhook_messages m on m.partition = d.partition and m.id = d.message_id
where d.partition = ? and d.endpoint_id = ? and d.lane = ? and d.status = 'pending' and d.due_at <= ?
order by d.due_at, d.id limit ?`,

  lease: `update outhook_deliveries set due_at = ?, leased_at = ?, fence = fence + 1
where partition = ? and id = ?`,

  chargeLost: `update outhook_deliveries
set attempts = attempts + 1, scheduled_attempts = scheduled_attempts + 1, updated_at = ?
where partition = ? and id = ?`,

  insertAttempt: `insert into outhook_attempts
(partition, delivery_id, number, started_at, duration_ms, status_code, error_class, error, signature, response_body)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,

  /** After a claim took something of the row; served_at stands twice. */
  serve: `update outhook_queue set served_at = ?, (next_due_at, ready_at) = (
  select d.due_at, max(d.due_at, coalesce(outhook_queue.held_until, 0), ?) from outhook_deliveries d
  where d.partition = outhook_queue.partition and d.endpoint_id = outhook_queue.endpoint_id
    and d.lane = outhook_queue.lane and d.status = 'pending'
  order by d.due_at limit 1)
where partition = ? and endpoint_id = ? and lane = ?`,

  /** After anything else changed the deliveries of the row. */
  refresh: `update outhook_queue set (next_due_at, ready_at) = (
  select d.due_at, max(d.due_at, coalesce(outhook_queue.held_until, 0), coalesce(outhook_queue.served_at, 0))
  from outhook_deliveries d
  where d.partition = outhook_queue.partition and d.endpoint_id = outhook_queue.endpoint_id
    and d.lane = outhook_queue.lane and d.status = 'pending'
  order by d.due_at limit 1)
where partition = ? and endpoint_id = ? and lane = ?`,

  /** A lane of null stays as it is. */
  settle: `update outhook_deliveries set
  status = ?, lane = coalesce(?, lane), due_at = ?, leased_at = null, attempts = attempts + ?,
  scheduled_attempts = ?, updated_at = ?
where partition = ? and id = ? and fence = ? and leased_at is not null and status = 'pending'`,

  health: `select consecutive_failures, exhausted_in_row, failing_since, last_delivery_at, last_success_at, last_error
from outhook_health where endpoint_id = ?`,

  writeHealth: `insert or replace into outhook_health
(endpoint_id, consecutive_failures, exhausted_in_row, failing_since, last_delivery_at, last_success_at, last_error)
values (?, ?, ?, ?, ?, ?, ?)`,

  hold: `insert into outhook_queue (partition, endpoint_id, lane, held_until) values (?, ?, 'scheduled', ?)
on conflict (partition, endpoint_id, lane) do update set
  held_until = max(coalesce(held_until, 0), excluded.held_until),
  ready_at = max(next_due_at, coalesce(held_until, 0), excluded.held_until, coalesce(served_at, 0))`,

  /** The end of the hold stands twice. */
  endHold: `update outhook_queue set held_until = ?, ready_at = max(next_due_at, ?, coalesce(served_at, 0))
where partition = ? and endpoint_id = ? and lane = 'scheduled'`,

  /** The partition stands twice, so that both levels are found by it. */
  cancel: `update outhook_deliveries set status = 'cancelled', due_at = null, leased_at = null, updated_at = ?
where partition = ? and id in (
  select id from outhook_deliveries where partition = ? and endpoint_id = ? and status = 'pending' limit ?)`,

  nextReady: `select min((
  select min(q.ready_at) from outhook_queue q where q.partition = p.value and q.ready_at is not null))
from json_each(?) p`,

  deliveryState: `select partition, endpoint_id, status, lane, due_at, leased_at, scheduled_attempts
from outhook_deliveries
where partition in (select value from json_each(?)) and id = ? and tenant = ?`,

  redeliver: `update outhook_deliveries set
  status = 'pending', lane = 'manual', due_at = ?, scheduled_attempts = ?, updated_at = ?
where partition = ? and id = ?`,

  openManualLane: `insert into outhook_queue (partition, endpoint_id, lane) values (?, ?, 'manual')
on conflict do nothing`,
} as const;
