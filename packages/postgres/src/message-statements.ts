import type { FanOut, Message, NewMessage } from "@outhook/core";
import type { InsertedRow } from "@outhook/sql";
import { atTime, nowOfAt } from "./clock.ts";
import { toQueue } from "./queue-statements.ts";
import type { RowList } from "./row-list.ts";
import { rowList } from "./row-list.ts";
import type { Statement } from "./session.ts";
import type { Tables } from "./tables.ts";
import { hasKey } from "./tables.ts";

/** A delivery as fan-out wants it. */
export type Match = Omit<FanOut, "deliveries"> & {
  readonly id: string;
  readonly endpointId: string;
  readonly status: "pending" | "skipped";
  /** 1 to take the first lease. */
  readonly lease: number;
};

/** A partition, and the place after which its messages are read. */
type WaitingFrom = { readonly partition: number; readonly createdAt: number; readonly id: string };

/** The statements on messages. */
export type MessageStatements = {
  /** One message without arrays, for the transactions of hosts. */
  readonly insertOne: Statement<InsertedRow>;
  readonly insert: Statement<InsertedRow>;
  /** Messages of which none has a key. Returns no rows. Those that are there already stay as they are, so it may be run again. */
  readonly insertUnkeyed: Statement;
  /** Given {@link WaitingFrom}, a limit, and the most bytes of bodies. */
  readonly awaiting: Statement<Message>;
  /**
   * Given messages, their {@link Match}es, now or null for the database's clock, and how long a lease lasts. Returns a row for each
   * delivery it created, or one without
   * when it created none; `taken` is how many messages it marked, in each.
   */
  readonly fanOut: Statement<{ readonly taken: number; readonly id: string | null; readonly leased: boolean }>;
};

export const newMessages: RowList<NewMessage> = rowList(
  "given",
  {
    partition: "smallint",
    id: "text",
    tenant: "text",
    type: "text",
    createdAt: "bigint",
    idempotencyKey: "text",
    payloadHash: "text",
    body: "text",
  },
  { first: 1 },
);

export const messageKeys: RowList<{ readonly partition: number; readonly id: string }> = rowList(
  "given",
  { partition: "smallint", id: "text" },
  { first: 1 },
);

export const waitingFrom: RowList<WaitingFrom> = rowList(
  "p",
  { partition: "smallint", createdAt: "bigint", id: "text" },
  { first: 1 },
);

export const matches: RowList<Match> = rowList(
  "given",
  {
    partition: "smallint",
    messageId: "text",
    tenant: "text",
    type: "text",
    id: "text",
    endpointId: "text",
    status: "text",
    lease: "smallint",
  },
  { first: 3 },
);

export function messageStatements(tables: Tables): MessageStatements {
  const insertInto = `insert into ${tables.messages}
  (partition, id, tenant, type, created_at, idempotency_key, payload_hash, body, fanned_out)`;
  // Setting the key to what it already is makes the row that has it one of the returned, which doing nothing would not.
  const orFind = `on conflict (partition, tenant, idempotency_key) where idempotency_key is not null
do update set idempotency_key = excluded.idempotency_key
returning id, payload_hash as hash, tenant, idempotency_key as key`;
  // In the order of the keys, so that two batches that share some wait for each other at the first.
  const given = `select given.*, 0 from ${newMessages.sql} order by 1, 3, 6`;

  return {
    insertOne: { sql: `${insertInto}\nvalues ($1, $2, $3, $4, $5, $6, $7, $8, 0)\n${orFind}` },
    insert: { sql: `${insertInto}\n${given}\n${orFind}` },
    insertUnkeyed: {
      sql: `${insertInto}\nselect given.*, 0 from ${newMessages.sql}\non conflict (partition, id) do nothing`,
    },

    // The partitions whose first message has waited longest give a share each, so that what is read does not grow with their
    // number, and none waits for ever.
    awaiting: {
      sql: `with open as materialized (
  select p.* from ${waitingFrom.sql} cross join lateral (
    select m.created_at from ${tables.messages} m
    where m.partition = p.partition and m.fanned_out = 0 and (m.created_at, m.id) > (p."createdAt", p.id)
    order by m.created_at limit 1
  ) m
  order by m.created_at limit 8
), first as materialized (
  select m.partition, m.id, m.created_at
  from open p cross join lateral (
    select m.partition, m.id, m.created_at from ${tables.messages} m
    where m.partition = p.partition and m.fanned_out = 0 and (m.created_at, m.id) > (p."createdAt", p.id)
    order by m.created_at, m.id
    limit (select least($4::bigint, 4 + 2 * $4::bigint / greatest(count(*), 1)) from open)
  ) m
  order by m.created_at, m.id limit $4::bigint
)
select found.id, found.partition, found.tenant, found.type, found.body, found.created_at as "createdAt"
from (
  select m.id, m.partition, m.tenant, m.type, m.body, m.created_at,
    sum(octet_length(m.body)) over (order by m.created_at, m.id) - octet_length(m.body) as before
  from first f join ${tables.messages} m on ${hasKey("m", { partition: "f.partition", id: "f.id" })}
) found
where found.before < $5::bigint
order by found.created_at, found.id`,
    },

    // What somebody else has locked is being fanned out there, or is held by a host that repeated its key. `fanned_out < 1`
    // and not `= 0`, which would let Postgres look for ids in the index of those that wait, which is sorted by age.
    fanOut: {
      sql: `with ${atTime("$11")}, waiting as (
  select m.partition, m.id
  from ${messageKeys.sql} join ${tables.messages} m on ${hasKey("m", { partition: "given.partition", id: "given.id" })}
  where m.fanned_out < 1
  for no key update of m skip locked
), marked as (
  update ${tables.messages} m set fanned_out = 1
  from waiting w where ${hasKey("m", { partition: "w.partition", id: "w.id" })}
  returning m.partition, m.id
), created as (
  insert into ${tables.deliveries}
    (partition, id, tenant, message_id, endpoint_id, type, status, lane, due_at, leased_at, fence,
     attempts, scheduled_attempts, created_at, updated_at)
  select given.partition, given.id, given.tenant, given."messageId", given."endpointId", given.type, given.status,
    'scheduled', case when first.leased then ${nowOfAt} + $12::bigint when given.status = 'pending' then ${nowOfAt} end,
    case when first.leased then ${nowOfAt} end, case when first.leased then 1 else 0 end, 0, 0, ${nowOfAt}, ${nowOfAt}
  from ${matches.sql}
  join marked m on m.partition = given.partition and m.id = given."messageId"
  left join ${tables.queue} q
    on ${hasKey("q", { partition: "given.partition", endpoint_id: 'given."endpointId"' })} and q.lane = 'scheduled'
  cross join lateral (
    select given.lease = 1 and given.status = 'pending' and coalesce(q.held_until, 0) <= ${nowOfAt} and q.pace is null as leased
  ) first
  on conflict do nothing
  returning partition, id, endpoint_id, lane, due_at, leased_at
), queued as (
  ${toQueue(tables, "select partition, endpoint_id, lane, due_at, null::bigint from created where due_at is not null")}
)
select m.taken, c.id, c.leased_at is not null as leased
from (select count(*) as taken from marked) m left join created c on true`,
    },
  };
}
