create table if not exists outhook_migrations (
  id text not null primary key,
  breaking integer not null,
  applied_at integer not null
);

insert into outhook_migrations (id, breaking, applied_at) values ('0001_tables', 1, unixepoch() * 1000);

create table outhook_meta (
  name text not null primary key,
  value text not null
) without rowid, strict;

create table outhook_tenants (
  tenant text not null primary key,
  revision integer not null
) without rowid, strict;

create table outhook_endpoints (
  tenant text not null,
  id text not null,
  url text not null,
  events text not null,
  description text,
  status text not null,
  disabled_reason text,
  timeout_seconds integer not null,
  max_retries integer,
  rate_limit integer,
  signing_version text not null,
  secret_hint text not null,
  public_key text,
  metadata text not null,
  header_names text not null,
  sealed_headers text,
  headers_key_id text,
  last_verified_at integer,
  created_at integer not null,
  updated_at integer not null,
  primary key (tenant, id)
) strict;

create index outhook_endpoints_key on outhook_endpoints (headers_key_id, tenant, id)
  where headers_key_id is not null;

create table outhook_secrets (
  tenant text not null,
  endpoint_id text not null,
  id text not null,
  sealed text not null,
  key_id text not null,
  created_at integer not null,
  expires_at integer,
  primary key (tenant, endpoint_id, id)
) without rowid, strict;

create index outhook_secrets_key on outhook_secrets (key_id, tenant, endpoint_id, id);

create table outhook_answers (
  tenant text not null,
  scope text not null,
  key text not null,
  fingerprint text not null,
  sealed text not null,
  key_id text not null,
  created_at integer not null,
  expires_at integer not null,
  primary key (tenant, scope, key)
) strict;

create index outhook_answers_key on outhook_answers (key_id, expires_at);

create index outhook_answers_expiry on outhook_answers (expires_at);

create table outhook_messages (
  partition integer not null,
  id text not null,
  tenant text not null,
  type text not null,
  created_at integer not null,
  fanned_out integer not null,
  idempotency_key text,
  payload_hash text,
  body text not null,
  primary key (id, partition)
) strict;

create index outhook_messages_waiting on outhook_messages (partition, created_at, id) where fanned_out = 0;

create unique index outhook_messages_key on outhook_messages (partition, tenant, idempotency_key)
  where idempotency_key is not null;

create table outhook_deliveries (
  partition integer not null,
  id text not null,
  tenant text not null,
  message_id text not null,
  endpoint_id text not null,
  type text not null,
  status text not null,
  lane text not null,
  due_at integer,
  leased_at integer,
  fence integer not null,
  attempts integer not null,
  scheduled_attempts integer,
  created_at integer not null,
  updated_at integer not null,
  primary key (id, partition)
) without rowid, strict;

create index outhook_deliveries_queue on outhook_deliveries (partition, endpoint_id, lane, due_at, id)
  where status = 'pending';

create index outhook_deliveries_log on outhook_deliveries (partition, endpoint_id, id);

create index outhook_deliveries_rare on outhook_deliveries (partition, endpoint_id, status, id)
  where status in ('failed', 'skipped', 'cancelled');

create table outhook_queue (
  partition integer not null,
  endpoint_id text not null,
  lane text not null,
  next_due_at integer,
  held_until integer,
  pace integer,
  served_at integer,
  ready_at integer,
  primary key (partition, endpoint_id, lane)
) without rowid, strict;

create index outhook_queue_ready on outhook_queue (ready_at, partition) where ready_at is not null;

create index outhook_queue_served on outhook_queue (served_at, partition) where served_at = ready_at;

create table outhook_attempts (
  partition integer not null,
  delivery_id text not null,
  number integer not null,
  started_at integer not null,
  duration_ms integer not null,
  status_code integer,
  error_class text,
  error text,
  signature text,
  response_body text,
  primary key (delivery_id, number, partition)
) without rowid, strict;

create table outhook_health (
  endpoint_id text not null primary key,
  consecutive_failures integer not null,
  exhausted_in_row integer not null,
  failing_since integer,
  last_delivery_at integer,
  last_success_at integer,
  last_error text
) without rowid, strict;

create table outhook_dispatchers (
  id text not null primary key,
  expires_at integer not null
) without rowid, strict;
