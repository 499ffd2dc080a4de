create table if not exists outhook_migrations (
  id text collate "C" not null primary key,
  breaking bigint not null,
  applied_at bigint not null
);

insert into outhook_migrations (id, breaking, applied_at) values ('0001_tables', 1, (extract(epoch from now()) * 1000)::bigint);

create table outhook_meta (
  name text collate "C" not null primary key,
  value text collate "C" not null
);

create table outhook_tenants (
  tenant text collate "C" not null primary key,
  revision bigint not null
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_threshold = 500, autovacuum_analyze_scale_factor = 0.1, autovacuum_analyze_threshold = 500);

create table outhook_endpoints (
  tenant text collate "C" not null,
  id text collate "C" not null,
  url text collate "C" not null,
  events text collate "C" not null,
  description text collate "C",
  status text collate "C" not null,
  disabled_reason text collate "C",
  timeout_seconds integer not null,
  max_retries integer,
  signing_version text collate "C" not null,
  secret_hint text collate "C" not null,
  public_key text collate "C",
  metadata text collate "C" not null,
  header_names text collate "C" not null,
  sealed_headers text collate "C",
  created_at bigint not null,
  updated_at bigint not null,
  primary key (tenant, id)
);

create table outhook_secrets (
  tenant text collate "C" not null,
  endpoint_id text collate "C" not null,
  id text collate "C" not null,
  sealed text collate "C" not null,
  created_at bigint not null,
  expires_at bigint,
  primary key (tenant, endpoint_id, id)
);

create table outhook_answers (
  tenant text collate "C" not null,
  scope text collate "C" not null,
  key text collate "C" not null,
  fingerprint text collate "C" not null,
  sealed text collate "C" not null,
  created_at bigint not null,
  expires_at bigint not null,
  primary key (tenant, scope, key)
);

create index outhook_answers_expiry on outhook_answers (expires_at);

create table outhook_messages (
  partition smallint not null,
  id text collate "C" not null,
  tenant text collate "C" not null,
  type text collate "C" not null,
  created_at bigint not null,
  fanned_out smallint not null,
  idempotency_key text collate "C",
  payload_hash text collate "C",
  body text collate "C" not null,
  primary key (partition, id)
) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 5000, autovacuum_analyze_scale_factor = 0.05, autovacuum_analyze_threshold = 5000);

create index outhook_messages_waiting on outhook_messages (partition, created_at, id) where fanned_out = 0;

create unique index outhook_messages_key on outhook_messages (partition, tenant, idempotency_key)
  where idempotency_key is not null;

create table outhook_deliveries (
  partition smallint not null,
  id text collate "C" not null,
  tenant text collate "C" not null,
  message_id text collate "C" not null,
  endpoint_id text collate "C" not null,
  type text collate "C" not null,
  status text collate "C" not null,
  lane text collate "C" not null,
  due_at bigint,
  leased_at bigint,
  fence integer not null,
  attempts integer not null,
  scheduled_attempts integer,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (partition, id)
) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 5000, autovacuum_analyze_scale_factor = 0.05, autovacuum_analyze_threshold = 5000);

create index outhook_deliveries_queue on outhook_deliveries (partition, endpoint_id, lane, due_at, id)
  where status = 'pending';

create index outhook_deliveries_log on outhook_deliveries (partition, endpoint_id, id) where endpoint_id > '';

create index outhook_deliveries_rare on outhook_deliveries (partition, endpoint_id, status, id)
  where status in ('failed', 'skipped', 'cancelled');

create index outhook_deliveries_message on outhook_deliveries (partition, message_id) where message_id > '';

create table outhook_queue (
  partition smallint not null,
  endpoint_id text collate "C" not null,
  lane text collate "C" not null,
  next_due_at bigint,
  held_until bigint,
  served_at bigint,
  ready_at bigint,
  primary key (partition, endpoint_id, lane)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_threshold = 500, autovacuum_analyze_scale_factor = 0.1, autovacuum_analyze_threshold = 500);

create index outhook_queue_ready on outhook_queue (partition, ready_at) where ready_at is not null;

create index outhook_queue_served on outhook_queue (partition, served_at) where served_at = ready_at;

create table outhook_attempts (
  partition smallint not null,
  delivery_id text collate "C" not null,
  number integer not null,
  started_at bigint not null,
  duration_ms bigint not null,
  status_code integer,
  error_class text collate "C",
  error text collate "C",
  signature text collate "C",
  response_body text collate "C",
  primary key (partition, delivery_id, number)
);

create table outhook_health (
  endpoint_id text collate "C" not null primary key,
  consecutive_failures integer not null,
  exhausted_in_row integer not null,
  failing_since bigint,
  last_delivery_at bigint,
  last_success_at bigint,
  last_error text collate "C"
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_threshold = 500, autovacuum_analyze_scale_factor = 0.1, autovacuum_analyze_threshold = 500);

create table outhook_dispatchers (
  id text collate "C" not null primary key,
  expires_at bigint not null
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_threshold = 500, autovacuum_analyze_scale_factor = 0.1, autovacuum_analyze_threshold = 500);
