import type { Dialect } from "./dialect.ts";

/**
 * The tables of the first version.
 *
 * On Postgres `partition` leads the keys, so that the tables can be spread by it. SQLite is one file, where what matters is
 * how many pages a batch dirties: led by ids, which grow with time, a message costs a third of the processor time and of the
 * log that it costs when its rows lie in one of 64 places.
 *
 * On Postgres every index of these tables but the key is partial, if only by a condition that always holds and that a query
 * repeats when it means the index. While a table is tiny all indexes that begin with the partition seem equally good to
 * Postgres, and what it takes to look up a key it keeps when the table is large.
 */
export function firstTables(dialect: Dialect, at: string): readonly string[] {
  const sqlite = dialect === "sqlite";
  const text = sqlite ? "text" : 'text collate "C"';
  const smallint = sqlite ? "integer" : "smallint";
  const integer = "integer";
  const bigint = sqlite ? "integer" : "bigint";
  // Rows found by their key and small enough to lie in its tree; messages and answers are not.
  const keyed = sqlite ? " without rowid, strict" : "";
  const plain = sqlite ? " strict" : "";
  // Every row of a message or delivery is written twice within moments, so that the first versions are dead in no time.
  const grown = sqlite ? "" : ` with (${vacuumed({ scaleFactor: 0.05, threshold: 5_000 })})`;
  // Few rows, written all the time: room for their next versions on the page, and a vacuum long before they are many.
  const rewritten = sqlite ? "" : ` with (fillfactor = 50, ${vacuumed({ scaleFactor: 0.1, threshold: 500 })})`;
  const always = (column: string) => (sqlite ? "" : ` where ${column} > ''`);
  const key = (...columns: readonly string[]) =>
    (sqlite ? [...columns, "partition"] : ["partition", ...columns]).join(", ");

  return [
    `create table ${at}outhook_meta (
  name ${text} not null primary key,
  value ${text} not null
)${keyed}`,
    `create table ${at}outhook_tenants (
  tenant ${text} not null primary key,
  revision ${bigint} not null
)${keyed}${rewritten}`,
    `create table ${at}outhook_endpoints (
  tenant ${text} not null,
  id ${text} not null,
  url ${text} not null,
  events ${text} not null,
  description ${text},
  status ${text} not null,
  disabled_reason ${text},
  timeout_seconds ${integer} not null,
  max_retries ${integer},
  rate_limit ${integer},
  signing_version ${text} not null,
  secret_hint ${text} not null,
  public_key ${text},
  metadata ${text} not null,
  header_names ${text} not null,
  sealed_headers ${text},
  headers_key_id ${text},
  last_verified_at ${bigint},
  created_at ${bigint} not null,
  updated_at ${bigint} not null,
  primary key (tenant, id)
)${plain}`,
    `create index outhook_endpoints_key on ${at}outhook_endpoints (headers_key_id, tenant, id)
  where headers_key_id is not null`,
    `create table ${at}outhook_secrets (
  tenant ${text} not null,
  endpoint_id ${text} not null,
  id ${text} not null,
  sealed ${text} not null,
  key_id ${text} not null,
  created_at ${bigint} not null,
  expires_at ${bigint},
  primary key (tenant, endpoint_id, id)
)${keyed}`,
    `create index outhook_secrets_key on ${at}outhook_secrets (key_id, tenant, endpoint_id, id)`,
    `create table ${at}outhook_answers (
  tenant ${text} not null,
  scope ${text} not null,
  key ${text} not null,
  fingerprint ${text} not null,
  sealed ${text} not null,
  key_id ${text} not null,
  created_at ${bigint} not null,
  expires_at ${bigint} not null,
  primary key (tenant, scope, key)
)${plain}`,
    `create index outhook_answers_key on ${at}outhook_answers (key_id, expires_at)`,
    `create index outhook_answers_expiry on ${at}outhook_answers (expires_at)`,
    `create table ${at}outhook_messages (
  partition ${smallint} not null,
  id ${text} not null,
  tenant ${text} not null,
  type ${text} not null,
  created_at ${bigint} not null,
  fanned_out ${smallint} not null,
  idempotency_key ${text},
  payload_hash ${text},
  body ${text} not null,
  primary key (${key("id")})
)${plain}${grown}`,
    `create index outhook_messages_waiting on ${at}outhook_messages (partition, created_at, id) where fanned_out = 0`,
    `create unique index outhook_messages_key on ${at}outhook_messages (partition, tenant, idempotency_key)
  where idempotency_key is not null`,
    `create table ${at}outhook_deliveries (
  partition ${smallint} not null,
  id ${text} not null,
  tenant ${text} not null,
  message_id ${text} not null,
  endpoint_id ${text} not null,
  type ${text} not null,
  status ${text} not null,
  lane ${text} not null,
  due_at ${bigint},
  leased_at ${bigint},
  fence ${integer} not null,
  attempts ${integer} not null,
  scheduled_attempts ${integer},
  created_at ${bigint} not null,
  updated_at ${bigint} not null,
  primary key (${key("id")})
)${keyed}${grown}`,
    `create index outhook_deliveries_queue on ${at}outhook_deliveries (partition, endpoint_id, lane, due_at, id)
  where status = 'pending'`,
    `create index outhook_deliveries_log on ${at}outhook_deliveries (partition, endpoint_id, id)${always("endpoint_id")}`,
    `create index outhook_deliveries_rare on ${at}outhook_deliveries (partition, endpoint_id, status, id)
  where status in ('failed', 'skipped', 'cancelled')`,
    `create table ${at}outhook_queue (
  partition ${smallint} not null,
  endpoint_id ${text} not null,
  lane ${text} not null,
  next_due_at ${bigint},
  held_until ${bigint},
  pace ${integer},
  served_at ${bigint},
  ready_at ${bigint},
  primary key (partition, endpoint_id, lane)
)${keyed}${rewritten}`,
    `create index outhook_queue_ready on ${at}outhook_queue (${key("ready_at")}) where ready_at is not null`,
    `create index outhook_queue_served on ${at}outhook_queue (${key("served_at")}) where served_at = ready_at`,
    `create table ${at}outhook_attempts (
  partition ${smallint} not null,
  delivery_id ${text} not null,
  number ${integer} not null,
  started_at ${bigint} not null,
  duration_ms ${bigint} not null,
  status_code ${integer},
  error_class ${text},
  error ${text},
  signature ${text},
  response_body ${text},
  primary key (${key("delivery_id", "number")})
)${keyed}`,
    `create table ${at}outhook_health (
  endpoint_id ${text} not null primary key,
  consecutive_failures ${integer} not null,
  exhausted_in_row ${integer} not null,
  failing_since ${bigint},
  last_delivery_at ${bigint},
  last_success_at ${bigint},
  last_error ${text}
)${keyed}${rewritten}`,
    `create table ${at}outhook_dispatchers (
  id ${text} not null primary key,
  expires_at ${bigint} not null
)${keyed}${rewritten}`,
  ];
}

/** Storage parameters that make autovacuum come when so many rows, and so much of the table, are dead. */
function vacuumed({ scaleFactor, threshold }: { readonly scaleFactor: number; readonly threshold: number }): string {
  return ["vacuum", "analyze"]
    .flatMap((kind) => [
      `autovacuum_${kind}_scale_factor = ${scaleFactor}`,
      `autovacuum_${kind}_threshold = ${threshold}`,
    ])
    .join(", ");
}
