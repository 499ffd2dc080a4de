/**
 * The statements that run for every batch, as SQLite is to plan them: each finds its rows by one index and names the
 * partition. A test holds both.
 */
export const statements = {
  partitionsWaiting: `select p.value from json_each(?1) p
where exists (select 1 from outhook_messages m where m.partition = p.value and m.fanned_out = 0)`,

  waiting: `select created_at, id, partition from outhook_messages
where partition = ?1 and fanned_out = 0
order by created_at, id limit ?2`,

  message: "select tenant, type, body from outhook_messages where partition = ?1 and id = ?2",

  markFannedOut: "update outhook_messages set fanned_out = 1 where partition = ?1 and id = ?2 and fanned_out = 0",

  insertDelivery: `insert into outhook_deliveries
(partition, id, tenant, message_id, endpoint_id, type, status, lane, due_at, leased_at, fence, attempts,
 scheduled_attempts, created_at, updated_at)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'scheduled', ?8, ?9, ?10, 0, 0, ?11, ?11)
on conflict do nothing`,

  heldUntil: `select held_until from outhook_queue
where partition = ?1 and endpoint_id = ?2 and lane = 'scheduled'`,

  /** Adds deliveries of which the first is due at ?3. */
  enqueue: `insert into outhook_queue (partition, endpoint_id, lane, next_due_at, ready_at)
values (?1, ?2, 'scheduled', ?3, ?3)
on conflict (partition, endpoint_id, lane) do update set
  next_due_at = min(coalesce(next_due_at, ?3), ?3),
  ready_at = max(min(coalesce(next_due_at, ?3), ?3), coalesce(held_until, 0), coalesce(served_at, 0))`,

  partitionsReady: `select p.value from json_each(?1) p
where exists (select 1 from outhook_queue q where q.partition = p.value and q.ready_at <= ?2)`,

  ready: `select ready_at, partition, endpoint_id, lane from outhook_queue
where partition = ?1 and ready_at <= ?2
order by ready_at limit ?3`,

  due: `select d.id, d.tenant, d.message_id, d.type, d.fence, d.attempts, d.scheduled_attempts, d.leased_at, m.body
from outhook_deliveries d
cross join outhook_messages m on m.partition = d.partition and m.id = d.message_id
where d.partition = ?1 and d.endpoint_id = ?2 and d.lane = ?3 and d.status = 'pending' and d.due_at <= ?4
order by d.due_at, d.id limit ?5`,

  lease: `update outhook_deliveries set due_at = ?3, leased_at = ?4, fence = fence + 1
where partition = ?1 and id = ?2`,

  chargeLost: `update outhook_deliveries
set attempts = attempts + 1, scheduled_attempts = scheduled_attempts + 1, updated_at = ?3
where partition = ?1 and id = ?2`,

  insertAttempt: `insert into outhook_attempts
(partition, delivery_id, number, started_at, duration_ms, status_code, error_class, error, signature, response_body)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)`,

  /** After a claim took something of the row: it goes behind all that wait. */
  serve: `update outhook_queue set served_at = ?4, (next_due_at, ready_at) = (
  select d.due_at, max(d.due_at, coalesce(outhook_queue.held_until, 0), ?4) from outhook_deliveries d
  where d.partition = ?1 and d.endpoint_id = ?2 and d.lane = ?3 and d.status = 'pending'
  order by d.due_at limit 1)
where partition = ?1 and endpoint_id = ?2 and lane = ?3`,

  /** After anything else changed the deliveries of the row. */
  refresh: `update outhook_queue set (next_due_at, ready_at) = (
  select d.due_at, max(d.due_at, coalesce(outhook_queue.held_until, 0), coalesce(outhook_queue.served_at, 0))
  from outhook_deliveries d
  where d.partition = ?1 and d.endpoint_id = ?2 and d.lane = ?3 and d.status = 'pending'
  order by d.due_at limit 1)
where partition = ?1 and endpoint_id = ?2 and lane = ?3`,

  /** ?4 null leaves the lane as it is. */
  settle: `update outhook_deliveries set
  status = ?4, lane = coalesce(?5, lane), due_at = ?6, leased_at = null, attempts = attempts + ?7,
  scheduled_attempts = ?8, updated_at = ?9
where partition = ?1 and id = ?2 and fence = ?3 and leased_at is not null and status = 'pending'`,

  health: `select endpoint_id, consecutive_failures, exhausted_in_row, failing_since, last_delivery_at,
  last_success_at, last_error
from outhook_health where endpoint_id = ?1`,

  writeHealth: `insert or replace into outhook_health
(endpoint_id, consecutive_failures, exhausted_in_row, failing_since, last_delivery_at, last_success_at, last_error)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7)`,

  hold: `insert into outhook_queue (partition, endpoint_id, lane, held_until) values (?1, ?2, 'scheduled', ?3)
on conflict (partition, endpoint_id, lane) do update set
  held_until = max(coalesce(held_until, 0), ?3),
  ready_at = max(next_due_at, coalesce(held_until, 0), ?3, coalesce(served_at, 0))`,

  endHold: `update outhook_queue set held_until = ?3, ready_at = max(next_due_at, ?3, coalesce(served_at, 0))
where partition = ?1 and endpoint_id = ?2 and lane = 'scheduled'`,

  cancel: `update outhook_deliveries set status = 'cancelled', due_at = null, leased_at = null, updated_at = ?4
where partition = ?1 and id in (
  select id from outhook_deliveries where partition = ?1 and endpoint_id = ?2 and status = 'pending' limit ?3)`,

  nextReady: `select min((
  select min(q.ready_at) from outhook_queue q where q.partition = p.value and q.ready_at is not null))
from json_each(?1) p`,

  deliveryState: `select partition, endpoint_id, status, lane, due_at, leased_at, scheduled_attempts from outhook_deliveries
where partition in (select value from json_each(?1)) and id = ?2 and tenant = ?3`,

  redeliver: `update outhook_deliveries set
  status = 'pending', lane = 'manual', due_at = ?3, scheduled_attempts = ?4, updated_at = ?5
where partition = ?1 and id = ?2`,

  openLane: `insert into outhook_queue (partition, endpoint_id, lane) values (?1, ?2, 'manual')
on conflict do nothing`,
} as const;
