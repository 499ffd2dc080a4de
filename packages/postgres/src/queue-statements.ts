import type { DeliveryStatus, Lane } from "@outhook/core";
import type { Statement } from "./session.ts";
import type { Tables } from "./tables.ts";
import { hasKey } from "./tables.ts";

/** What a redelivery looks at. */
export type DeliveryState = {
  readonly partition: number;
  readonly endpointId: string;
  readonly status: DeliveryStatus;
  readonly lane: Lane;
  readonly dueAt: number | null;
  readonly leasedAt: number | null;
  readonly scheduledAttempts: number | null;
};

/** The statements that hold, hasten and end what waits. */
export type QueueStatements = {
  /** Given partitions, an endpoint, and when the hold ends. */
  readonly hold: Statement;
  /** Given partitions, an endpoint, and now. */
  readonly endHold: Statement;
  /** Given partitions, an endpoint, and how many a second, null for any number. */
  readonly pace: Statement;
  /** Given partitions, an endpoint, a limit, and now. Fewer than the limit were found when there are no more. */
  readonly cancel: Statement<{ readonly found: number; readonly cancelled: number }>;
  /** Given partitions, and now. */
  readonly nextDue: Statement<{ readonly readyAt: number | null }>;
  /** Given partitions, an id, and a tenant. Locks the delivery. */
  readonly deliveryState: Statement<DeliveryState>;
  /** Given a partition, an id, when it is due, what is charged to its schedule, and now. */
  readonly redeliver: Statement;
};

/**
 * The INSERT that tells the queue of pending deliveries and of holds. `changes` selects partition, endpoint, lane, and
 * either when a delivery is due or until when the lane is held.
 *
 * It only ever makes a row due sooner or hold longer; that a row is due later or has nothing left, a claim finds out. So
 * finished deliveries cost the queue nothing, and the row of a busy endpoint is seldom written. A row must never be due later
 * than its deliveries: whoever adds one has locked the row before it commits, and the claim reads deliveries after it has
 * locked the row.
 */
export function toQueue(tables: Tables, changes: string): string {
  const due = "least(q.next_due_at, excluded.next_due_at)";
  return `insert into ${tables.queue} as q (partition, endpoint_id, lane, next_due_at, held_until, ready_at)
  select partition, endpoint_id, lane, min(due_at), max(held_until),
    case when min(due_at) is not null then greatest(min(due_at), max(held_until)) end
  from (${changes}) as change (partition, endpoint_id, lane, due_at, held_until)
  group by partition, endpoint_id, lane
  order by partition, endpoint_id, lane
  on conflict (partition, endpoint_id, lane) do update set
    next_due_at = ${due},
    held_until = greatest(q.held_until, excluded.held_until),
    ready_at = case when ${due} is not null
      then greatest(${due}, q.held_until, excluded.held_until, q.served_at) end
  where excluded.next_due_at < coalesce(q.next_due_at, excluded.next_due_at + 1)
    or excluded.held_until > coalesce(q.held_until, 0)`;
}

export function queueStatements(tables: Tables): QueueStatements {
  return {
    hold: {
      sql: toQueue(
        tables,
        "select p.partition, $2::text, 'scheduled', null::bigint, $3::bigint from unnest($1::smallint[]) as p (partition)",
      ),
    },

    endHold: {
      sql: `update ${tables.queue} set
  held_until = $3, ready_at = case when next_due_at is not null then greatest(next_due_at, $3, served_at) end
where partition = any ($1::smallint[]) and endpoint_id = $2 and lane = 'scheduled'`,
    },

    pace: {
      sql: `insert into ${tables.queue} (partition, endpoint_id, lane, pace)
select p.partition, $2::text, 'scheduled', $3::integer from unnest($1::smallint[]) as p (partition)
order by p.partition
on conflict (partition, endpoint_id, lane) do update set pace = excluded.pace`,
    },

    cancel: {
      sql: `with found as materialized (
  select d.partition, d.id from unnest($1::smallint[]) as p (partition) cross join lateral (
    select d.partition, d.id from ${tables.deliveries} d
    where d.partition = p.partition and d.endpoint_id = $2 and d.status = 'pending'
    limit $3::bigint
  ) d
  order by d.partition, d.id limit $3::bigint
), pending as (
  select d.partition, d.id
  from found f join ${tables.deliveries} d on ${hasKey("d", { partition: "f.partition", id: "f.id" })}
  where d.due_at is not null
  order by f.partition, f.id
  for no key update of d
), cancelled as (
  update ${tables.deliveries} d set status = 'cancelled', due_at = null, leased_at = null, updated_at = $4
  from pending p where ${hasKey("d", { partition: "p.partition", id: "p.id" })}
  returning d.id
)
select (select count(*) from found) as found, (select count(*) from cancelled) as cancelled`,
    },

    // A row may be due too soon; those that have nothing pending any more do not count.
    nextDue: {
      sql: `select min(next.at) as "readyAt"
from unnest($1::smallint[]) as p (partition) cross join lateral (
  (
    select q.ready_at as at from ${tables.queue} q
    where q.partition = p.partition and q.ready_at is not null and (
      select d.due_at from ${tables.deliveries} d
      where d.partition = q.partition and d.endpoint_id = q.endpoint_id and d.lane = q.lane and d.status = 'pending'
        and d.due_at >= q.next_due_at
      order by d.due_at limit 1
    ) is not null
    order by q.ready_at limit 1
  ) union all (
    select $2::bigint from ${tables.queue} q
    where q.partition = p.partition and q.served_at = q.ready_at and q.served_at > $2
    limit 1
  )
) next`,
    },

    deliveryState: {
      sql: `select partition, endpoint_id as "endpointId", status, lane, due_at as "dueAt", leased_at as "leasedAt",
  scheduled_attempts as "scheduledAttempts"
from ${tables.deliveries}
where partition = any ($1::smallint[]) and id = $2 and tenant = $3
for no key update`,
    },

    redeliver: {
      sql: `with hastened as (
  update ${tables.deliveries} set
    status = 'pending', lane = 'manual', due_at = $3, scheduled_attempts = $4, updated_at = $5
  where partition = $1 and id = $2
  returning partition, endpoint_id, lane, due_at
)
${toQueue(tables, "select partition, endpoint_id, lane, due_at, null::bigint from hastened")}`,
    },
  };
}
