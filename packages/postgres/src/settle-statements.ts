import type { EndpointHealth, Settlement } from "@outhook/core";
import { atTime, nowOfAt } from "./clock.ts";
import { toQueue } from "./queue-statements.ts";
import type { RowList } from "./row-list.ts";
import { rowList } from "./row-list.ts";
import type { Statement } from "./session.ts";
import type { Tables } from "./tables.ts";
import { hasKey } from "./tables.ts";

/** A settlement as a row; what is of the attempt is null when none was made. */
export type SettlementRow = Pick<Settlement, "partition" | "deliveryId" | "fence" | "scheduledAttempts" | "holdMs"> & {
  readonly status: Settlement["next"]["status"];
  readonly delayMs: number | null;
  readonly number: number | null;
  readonly startedAt: number | null;
  readonly durationMs: number | null;
  readonly statusCode: number | null;
  readonly errorClass: string | null;
  readonly error: string | null;
  readonly signature: string | null;
  readonly responseBody: string | null;
};

/** The statements of settling. */
export type SettleStatements = {
  /**
   * Given settlements, each of another lease, and now or null for the database's clock. Returns the positions, from 1, of those that
   * happened, and when.
   */
  readonly settle: Statement<{ readonly position: number; readonly now: number }>;
  /** Given an endpoint. */
  readonly forgetFailures: Statement;
  /** Given for each endpoint the health that the batch alone would have made. Returns what it is now. */
  readonly health: Statement<EndpointHealth>;
};

export const settlements: RowList<SettlementRow> = rowList(
  "given",
  {
    partition: "smallint",
    deliveryId: "text",
    fence: "integer",
    scheduledAttempts: "integer",
    holdMs: "bigint",
    status: "text",
    delayMs: "bigint",
    number: "integer",
    startedAt: "bigint",
    durationMs: "bigint",
    statusCode: "integer",
    errorClass: "text",
    error: "text",
    signature: "text",
    responseBody: "text",
  },
  { first: 1, numbered: true },
);

export const healthRows: RowList<EndpointHealth> = rowList(
  "given",
  {
    endpointId: "text",
    consecutiveFailures: "integer",
    exhaustedInRow: "integer",
    failingSince: "bigint",
    lastDeliveryAt: "bigint",
    lastSuccessAt: "bigint",
    lastError: "text",
  },
  { first: 1 },
);

export function settleStatements(tables: Tables): SettleStatements {
  return {
    // Only what is pending is leased. To say so as well would let Postgres look for ids in the index of what is pending,
    // which is sorted by endpoint.
    settle: {
      sql: `with ${atTime("$16")}, settled as (
  update ${tables.deliveries} d set
    status = case when given.status = 'released' then 'pending' else given.status end,
    lane = case when given.status = 'pending' then 'scheduled' else d.lane end,
    due_at = ${nowOfAt} + given."delayMs",
    leased_at = null,
    attempts = d.attempts + case when given.number is null then 0 else 1 end,
    scheduled_attempts = given."scheduledAttempts",
    updated_at = ${nowOfAt}
  from ${settlements.sql}
  where ${hasKey("d", { partition: "given.partition", id: 'given."deliveryId"' })}
    and d.fence = given.fence and d.leased_at is not null
  returning given.*, d.endpoint_id, d.lane, d.due_at
), recorded as (
  insert into ${tables.attempts} (partition, delivery_id, number, started_at, duration_ms, status_code, error_class, error,
    signature, response_body)
  select s.partition, s."deliveryId", s.number, s."startedAt", s."durationMs", s."statusCode", s."errorClass", s.error,
    s.signature, s."responseBody"
  from settled s where s.number is not null
), queued as (
  ${toQueue(
    tables,
    `select partition, endpoint_id, lane, due_at, null::bigint from settled where due_at is not null
    union all
    select partition, endpoint_id, 'scheduled', null, ${nowOfAt} + "holdMs" from settled where "holdMs" is not null`,
  )}
)
select position, ${nowOfAt} as now from settled`,
    },

    forgetFailures: {
      sql: `update ${tables.health} set consecutive_failures = 0, exhausted_in_row = 0, failing_since = null
where endpoint_id = $1`,
    },

    // A success anywhere in the batch ends what was before it; without one, the batch goes on from there.
    health: {
      sql: `insert into ${tables.health} as h (endpoint_id, consecutive_failures, exhausted_in_row, failing_since,
  last_delivery_at, last_success_at, last_error)
select * from ${healthRows.sql} order by "endpointId"
on conflict (endpoint_id) do update set
  consecutive_failures = excluded.consecutive_failures
    + case when excluded.last_success_at is null then h.consecutive_failures else 0 end,
  exhausted_in_row = excluded.exhausted_in_row
    + case when excluded.last_success_at is null then h.exhausted_in_row else 0 end,
  failing_since = case when excluded.last_success_at is null
    then coalesce(h.failing_since, excluded.failing_since) else excluded.failing_since end,
  last_delivery_at = coalesce(excluded.last_delivery_at, h.last_delivery_at),
  last_success_at = coalesce(excluded.last_success_at, h.last_success_at),
  last_error = coalesce(excluded.last_error, h.last_error)
returning endpoint_id as "endpointId", consecutive_failures as "consecutiveFailures",
  exhausted_in_row as "exhaustedInRow", failing_since as "failingSince", last_delivery_at as "lastDeliveryAt",
  last_success_at as "lastSuccessAt", last_error as "lastError"`,
    },
  };
}
