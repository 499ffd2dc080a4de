import type { Claim, Lane } from "@outhook/core";
import type { RowList } from "./row-list.ts";
import { rowList } from "./row-list.ts";
import type { Statement } from "./session.ts";
import type { Tables } from "./tables.ts";
import { hasKey } from "./tables.ts";

/** A queue row that is ready, in its turn. */
export type ReadyRow = {
  readonly partition: number;
  readonly endpointId: string;
  readonly lane: Lane;
  readonly nextDueAt: number;
  readonly pace: number | null;
};

/** How many deliveries may be claimed of an endpoint. */
export type Room = { readonly endpointId: string; readonly most: number };

/** The statements of a claim: the first by itself, the others in this order in one transaction. */
export type ClaimStatements = {
  /** Given partitions, now or null for the database's clock, and endpoints to leave out. One row when a row is ready. */
  readonly isAnyReady: Statement<{ readonly ready: number }>;
  /** Given partitions, now, endpoints to leave out, how many rows, the room of all endpoints, and that of some. */
  readonly ready: Statement<ReadyRow>;
  /**
   * Given those rows, the room of some endpoints, a limit, the most bytes of bodies, now, when a lease ends, what to say of a
   * lost attempt, and the room of all other endpoints.
   */
  readonly lease: Statement<Claim>;
};

/** In both statements. */
export const room: RowList<Room> = rowList("room", { endpointId: "text", most: "integer" }, { first: 6 });

export const readyRows: RowList<ReadyRow> = rowList(
  "r",
  { partition: "smallint", endpointId: "text", lane: "text", nextDueAt: "bigint", pace: "integer" },
  { first: 1, numbered: true },
);

/** Of the partition p, rows that are ready at $2. */
function readyAt(now: string): string {
  return `q.partition = p.partition and q.ready_at <= ${now} and q.endpoint_id <> all ($3::text[])`;
}

/** Of the partition p, rows that were served after $2: the clock was set back, and a turn must not keep anything waiting. */
function servedAfter(now: string): string {
  return `q.partition = p.partition and q.served_at = q.ready_at and q.served_at > ${now} and q.endpoint_id <> all ($3::text[])`;
}

export function claimStatements(tables: Tables): ClaimStatements {
  const anyReady = (now: string) => `unnest($1::smallint[]) as p (partition) cross join lateral (
    (select 1 from ${tables.queue} q where ${readyAt(now)} order by q.ready_at limit 1)
    union all
    (select 1 from ${tables.queue} q where ${servedAfter(now)} order by q.served_at limit 1)
    limit 1
  ) q`;

  return {
    isAnyReady: {
      sql: `select 1 as ready from ${anyReady("coalesce($2::bigint, floor(extract(epoch from now()) * 1000)::bigint)")} limit 1`,
    },

    // Each partition that has something gives its share, so that what is read does not grow with their number. Of an
    // endpoint no more rows than it has room, so that one with rows in many partitions does not hide the others.
    ready: {
      sql: `with open as materialized (
  select p.partition from ${anyReady("$2")}
), candidate as materialized (
  select q.*, row_number() over (partition by q.endpoint_id order by q.turn, q.partition, q.lane) as nth
  from open p cross join lateral (
    (
      select q.partition, q.endpoint_id, q.lane, q.ready_at as turn from ${tables.queue} q where ${readyAt("$2")}
      order by q.ready_at
      limit (select least($4::bigint, 16 + 2 * $4::bigint / greatest(count(*), 1)) from open)
    ) union all (
      select q.partition, q.endpoint_id, q.lane, $2::bigint from ${tables.queue} q where ${servedAfter("$2")}
      limit $4::bigint
    )
  ) q
), turn as (
  select c.partition, c.endpoint_id, c.lane, c.turn
  from candidate c left join ${room.sql} on room."endpointId" = c.endpoint_id
  where c.nth <= coalesce(room.most, $5::integer)
  order by c.turn limit $4::bigint
)
select q.partition, q.endpoint_id as "endpointId", q.lane, q.next_due_at as "nextDueAt", q.pace
from turn t join ${tables.queue} q
  on ${hasKey("q", { partition: "t.partition", endpoint_id: "t.endpoint_id", lane: "t.lane" })}
where coalesce(q.ready_at <= $2 or q.ready_at = q.served_at, false)
order by t.turn
for no key update of q skip locked`,
    },

    // Walks through the rows in their turn until there are enough, so that what is read does not grow with the backlog.
    // `offset 0` keeps Postgres from reading the ids once for each place where they are used.
    lease: {
      sql: `with recursive ready as materialized (
  select r.*, coalesce(room.most, $13::integer) as most
  from ${readyRows.sql} left join ${room.sql} on room."endpointId" = r."endpointId"
), walk as (
  select 0::bigint as position, array[]::text[] collate "C" as ids, array[]::text[] collate "C" as endpoints, 0 as most
  union all
  select r.position, found.ids, w.endpoints || array_fill(r."endpointId", array[cardinality(found.ids)]), bound.most
  from walk w join ready r on r.position = w.position + 1
  cross join lateral (
    select least(r.most - cardinality(array_positions(w.endpoints, r."endpointId")), $8 - cardinality(w.endpoints),
      r.pace) as most
  ) bound
  cross join lateral (
    select array(
      select d.id from ${tables.deliveries} d
      where d.partition = r.partition and d.endpoint_id = r."endpointId" and d.lane = r.lane and d.status = 'pending'
        and d.due_at >= r."nextDueAt" and d.due_at <= $10
      order by d.due_at, d.id limit greatest(bound.most, 0)
    ) as ids
    offset 0
  ) found
  where cardinality(w.endpoints) < $8
), due as materialized (
  select f.position, d.partition, d.id, d.tenant, d.message_id, d.endpoint_id, d.type, d.lane, d.due_at, d.leased_at,
    d.attempts
  from (
    select r.position, r.partition, r.lane, found.id
    from walk w join ready r on r.position = w.position cross join unnest(w.ids) as found (id)
    offset 0
  ) f
  join ${tables.deliveries} d on ${hasKey("d", { partition: "f.partition", id: "f.id" })}
  where d.lane = f.lane and d.due_at <= $10
  for no key update of d skip locked
), bounded as materialized (
  select d.*, m.body, m.id is null as orphaned,
    coalesce(sum(octet_length(m.body)) over (order by d.position, d.due_at, d.id
      rows between unbounded preceding and 1 preceding), 0) < $9::bigint as fits
  from due d left join ${tables.messages} m on ${hasKey("m", { partition: "d.partition", id: "d.message_id" })}
), chosen as materialized (
  select * from bounded where fits
), leased as (
  update ${tables.deliveries} d set
    status = case when c.orphaned then 'cancelled' else 'pending' end,
    due_at = case when c.orphaned then null else $11::bigint end,
    leased_at = case when c.orphaned then null else $10 end,
    fence = d.fence + 1,
    attempts = d.attempts + case when d.leased_at is null then 0 else 1 end,
    scheduled_attempts = d.scheduled_attempts + case when d.leased_at is null then 0 else 1 end,
    updated_at = case when d.leased_at is null and not c.orphaned then d.updated_at else $10 end
  from chosen c where ${hasKey("d", { partition: "c.partition", id: "c.id" })}
  returning d.partition, d.id, d.fence, d.attempts, d.scheduled_attempts
), lost as (
  insert into ${tables.attempts} (partition, delivery_id, number, started_at, duration_ms, error_class, error)
  select c.partition, c.id, c.attempts + 1, c.leased_at, $10 - c.leased_at, 'lost', $12
  from chosen c where c.leased_at is not null
), seen as (
  select r.partition, r."endpointId", r.lane, served.here,
    $10 + (served.taken * 1000 + r.pace - 1) / r.pace as held_until, least(served.until, (
      select d.due_at from ${tables.deliveries} d
      where d.partition = r.partition and d.endpoint_id = r."endpointId" and d.lane = r.lane and d.status = 'pending'
        and d.due_at >= r."nextDueAt" and d.id <> all (served.ids)
      order by d.due_at limit 1
    )) as next_due_at
  from walk w join ready r on r.position = w.position
  cross join lateral (
    select coalesce(array_agg(c.id), '{}') as ids, count(*) > 0 as here,
      count(*) filter (where not c.orphaned) as taken,
      max(case when not c.orphaned then $11::bigint end) as until
    from chosen c where c.position = r.position
  ) served
  where served.here or (w.most > 0 and cardinality(w.ids) = 0)
), served as (
  update ${tables.queue} q set
    next_due_at = s.next_due_at,
    held_until = greatest(q.held_until, s.held_until),
    served_at = case when s.here or q.served_at > $10 then $10 else q.served_at end,
    ready_at = case when s.next_due_at is not null
      then greatest(s.next_due_at, q.held_until, s.held_until, case when s.here then $10 else least(q.served_at, $10) end) end
  from seen s
  where ${hasKey("q", { partition: "s.partition", endpoint_id: 's."endpointId"', lane: "s.lane" })}
)
select c.partition, c.id as "deliveryId", c.tenant, c.message_id as "messageId", c.endpoint_id as "endpointId", c.type,
  c.body, c.lane, l.fence, l.attempts, l.scheduled_attempts as "scheduledAttempts", r.pace,
  c.leased_at is not null as lapsed
from chosen c join leased l on l.partition = c.partition and l.id = c.id join ready r on r.position = c.position
where not c.orphaned
order by c.position, c.due_at, c.id`,
    },
  };
}
