import { withClient } from "../postgres/server.ts";

/** What waits in a database. */
export type Waiting = {
  readonly endpoints: number;
  readonly deliveries: number;
  /** How many are due; they belong to the first endpoints, two to each. The others are due in one to 24 hours. `null` for all. */
  readonly due: number | null;
  /** How many endpoints and deliveries are there already. Default none. */
  readonly first?: { readonly endpoints: number; readonly deliveries: number } | undefined;
};

export const partitions = 64;

/** An endpoint lies in one partition, that of its tenant. */
export function endpointOf(n: number): {
  readonly endpointId: string;
  readonly tenant: string;
  readonly partition: number;
} {
  return { endpointId: `ep_${String(n).padStart(32, "0")}`, tenant: `tenant-${n}`, partition: n % partitions };
}

/** Puts pending deliveries with their messages of 1 KiB and the queue's rows into a migrated database. */
export async function fill(url: string, { endpoints, deliveries, due, first }: Waiting): Promise<void> {
  const { endpoints: firstEndpoint = 0, deliveries: firstDelivery = 0 } = first ?? {};
  const dueCount = due ?? deliveries;
  // The first `due` deliveries go two by two to the first endpoints, the others to all in turn.
  const endpoint = due === null ? `i % ${endpoints}` : `case when i < ${dueCount} then i / 2 else i % ${endpoints} end`;
  await withClient(url, async (client) => {
    await client.query(`set search_path = outhook;
create temporary table given as
  select i, lpad((${firstDelivery} + i)::text, 32, '0') as id, (e % ${partitions})::smallint as partition,
    'tenant-' || e as tenant, 'ep_' || lpad(e::text, 32, '0') as endpoint_id,
    now - case when i < ${dueCount} then ${deliveries} - i else -3600000 - (i::bigint * 7919) % 82800000 end as due_at, now
  from generate_series(0, ${deliveries - 1}) i, lateral (select ${firstEndpoint} + ${endpoint} as e) e,
    (select floor(extract(epoch from now()) * 1000)::bigint as now) clock;
insert into outhook_messages (partition, id, tenant, type, created_at, fanned_out, body)
  select partition, 'msg_' || id, tenant, 'loan.active', now, 1,
    '{"type":"loan.active","data":{"note":"' || repeat('x', 980) || '"}}' from given order by partition, id;
insert into outhook_deliveries (partition, id, tenant, message_id, endpoint_id, type, status, lane, due_at, fence, attempts,
    scheduled_attempts, created_at, updated_at)
  select partition, 'dlv_' || id, tenant, 'msg_' || id, endpoint_id, 'loan.active',
    'pending', 'scheduled', due_at, 0, 0, 0, now, now from given order by partition, id;
insert into outhook_queue (partition, endpoint_id, lane, next_due_at, ready_at)
  select partition, endpoint_id, 'scheduled', min(due_at), min(due_at) from given group by partition, endpoint_id;
drop table given`);
    await client.query("vacuum analyze");
  });
}

/** Leaves dead rows where they are, in all tables that a delivery touches. */
export async function stopVacuum(url: string): Promise<void> {
  const tables = ["messages", "deliveries", "queue", "attempts", "health"];
  await withClient(url, async (client) => {
    for (const table of tables)
      await client.query(`alter table outhook.outhook_${table} set (autovacuum_enabled = false)`);
  });
}
