create schema if not exists "outhook";

create table if not exists "outhook".outhook_migrations (
  id text collate "C" not null primary key,
  breaking bigint not null,
  applied_at bigint not null
);

insert into "outhook".outhook_migrations (id, breaking, applied_at) values ('0001_tables', 1, (extract(epoch from now()) * 1000)::bigint);

create table "outhook".outhook_meta (
  name text collate "C" not null primary key,
  value text collate "C" not null
);

create table "outhook".outhook_tenants (
  tenant text collate "C" not null primary key,
  revision bigint not null
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_threshold = 500, autovacuum_analyze_scale_factor = 0.1, autovacuum_analyze_threshold = 500);

create table "outhook".outhook_endpoints (
  tenant text collate "C" not null,
  id text collate "C" not null,
  url text collate "C" not null,
  events text collate "C" not null,
  description text collate "C",
  status text collate "C" not null,
  disabled_reason text collate "C",
  timeout_seconds integer not null,
  max_retries integer,
  rate_limit integer,
  signing_version text collate "C" not null,
  secret_hint text collate "C" not null,
  public_key text collate "C",
  metadata text collate "C" not null,
  header_names text collate "C" not null,
  sealed_headers text collate "C",
  headers_key_id text collate "C",
  last_verified_at bigint,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (tenant, id)
);

create index outhook_endpoints_key on "outhook".outhook_endpoints (headers_key_id, tenant, id)
  where headers_key_id is not null;

create table "outhook".outhook_secrets (
  tenant text collate "C" not null,
  endpoint_id text collate "C" not null,
  id text collate "C" not null,
  sealed text collate "C" not null,
  key_id text collate "C" not null,
  created_at bigint not null,
  expires_at bigint,
  primary key (tenant, endpoint_id, id)
);

create index outhook_secrets_key on "outhook".outhook_secrets (key_id, tenant, endpoint_id, id);

create table "outhook".outhook_answers (
  tenant text collate "C" not null,
  scope text collate "C" not null,
  key text collate "C" not null,
  fingerprint text collate "C" not null,
  sealed text collate "C" not null,
  key_id text collate "C" not null,
  created_at bigint not null,
  expires_at bigint not null,
  primary key (tenant, scope, key)
);

create index outhook_answers_key on "outhook".outhook_answers (key_id, expires_at);

create index outhook_answers_expiry on "outhook".outhook_answers (expires_at);

create table "outhook".outhook_messages (
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

create index outhook_messages_waiting on "outhook".outhook_messages (partition, created_at, id) where fanned_out = 0;

create unique index outhook_messages_key on "outhook".outhook_messages (partition, tenant, idempotency_key)
  where idempotency_key is not null;

create table "outhook".outhook_deliveries (
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

create index outhook_deliveries_queue on "outhook".outhook_deliveries (partition, endpoint_id, lane, due_at, id)
  where status = 'pending';

create index outhook_deliveries_log on "outhook".outhook_deliveries (partition, endpoint_id, id) where endpoint_id > '';

create index outhook_deliveries_rare on "outhook".outhook_deliveries (partition, endpoint_id, status, id)
  where status in ('failed', 'skipped', 'cancelled');

create table "outhook".outhook_queue (
  partition smallint not null,
  endpoint_id text collate "C" not null,
  lane text collate "C" not null,
  next_due_at bigint,
  held_until bigint,
  pace integer,
  served_at bigint,
  ready_at bigint,
  primary key (partition, endpoint_id, lane)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_threshold = 500, autovacuum_analyze_scale_factor = 0.1, autovacuum_analyze_threshold = 500);

create index outhook_queue_ready on "outhook".outhook_queue (partition, ready_at) where ready_at is not null;

create index outhook_queue_served on "outhook".outhook_queue (partition, served_at) where served_at = ready_at;

create table "outhook".outhook_attempts (
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

create table "outhook".outhook_health (
  endpoint_id text collate "C" not null primary key,
  consecutive_failures integer not null,
  exhausted_in_row integer not null,
  failing_since bigint,
  last_delivery_at bigint,
  last_success_at bigint,
  last_error text collate "C"
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_threshold = 500, autovacuum_analyze_scale_factor = 0.1, autovacuum_analyze_threshold = 500);

create table "outhook".outhook_dispatchers (
  id text collate "C" not null primary key,
  expires_at bigint not null
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_threshold = 500, autovacuum_analyze_scale_factor = 0.1, autovacuum_analyze_threshold = 500);

create function "outhook".send(tenant text, type text, data text, idempotency_key text default null, spread integer default 1)
  returns text language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  partitions integer;
  sent_at bigint := floor(extract(epoch from clock_timestamp()) * 1000);
  new_id text := 'msg_' || lpad(to_hex(sent_at), 12, '0') || '7'
    || substr(replace(gen_random_uuid()::text, '-', ''), 14);
  body text := '{"type":"' || send.type || '","timestamp":"'
    || to_char(to_timestamp(sent_at / 1000.0) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    || '","data":' || send.data || '}';
  hash text := encode(sha256(convert_to(send.type || chr(10) || send.data, 'UTF8')), 'hex');
  found_id text;
  found_hash text;
begin
  if send.tenant is null or length(send.tenant) not between 1 and 256 or send.tenant collate "C" ~ '[\u0001-\u001f\u007f-\u009f]' then
    raise invalid_parameter_value using message = format(
      'outhook: tenant is %s; it must be 1 to 256 characters without control characters', quote_nullable(left(send.tenant, 60)));
  elsif send.type is null or length(send.type) > 256 or send.type collate "C" !~ '^[A-Za-z0-9_]+([.][A-Za-z0-9_]+)*$' then
    raise invalid_parameter_value using message = format(
      'outhook: type is %s; it must be an event type such as loan.active', quote_nullable(left(send.type, 60)));
  elsif send.data is null then
    raise null_value_not_allowed using message = 'outhook: data is NULL; it must be JSON, whose own null is ''null''';
  elsif send.idempotency_key collate "C" !~ '^[!-~]+$' or length(send.idempotency_key) > 255 then
    raise invalid_parameter_value using message = format(
      'outhook: idempotency_key is %s; it must be 1 to 255 printable ASCII characters without spaces',
      quote_nullable(left(send.idempotency_key, 60)));
  elsif octet_length(body) > 1048576 then
    raise program_limit_exceeded using message = format(
      'outhook: the body would be %s bytes, more than the 1048576 allowed; send an id or a link instead of the whole',
      octet_length(body));
  end if;
  perform send.data::json;
  select value::integer into partitions from "outhook".outhook_meta where name = 'partitions';
  if partitions is null then
    raise object_not_in_prerequisite_state using
      message = 'outhook: the database does not say which environment it belongs to',
      hint = 'Run await outhook.migrate() once before the first send.';
  end if;

  insert into "outhook".outhook_messages
    (partition, id, tenant, type, created_at, idempotency_key, payload_hash, body, fanned_out)
  select (first + key % least(greatest(send.spread, 1), partitions)) % partitions,
    new_id, send.tenant, send.type, sent_at, send.idempotency_key, case when send.idempotency_key is not null then hash end,
    body, 0
  from (
    select ('x' || left(encode(sha256(convert_to(send.tenant, 'UTF8')), 'hex'), 8))::bit(32)::bigint as first,
      ('x' || left(encode(sha256(convert_to(coalesce(send.idempotency_key, new_id), 'UTF8')), 'hex'), 8))::bit(32)::bigint as key
  ) hashes
  on conflict (partition, tenant, idempotency_key) where idempotency_key is not null
  do update set idempotency_key = excluded.idempotency_key
  returning id, payload_hash into found_id, found_hash;

  if found_id <> new_id and found_hash <> hash then
    raise unique_violation using message = format(
      'outhook: idempotency_key %L was used before for message %s with another type or data; use a new key for a new message',
      send.idempotency_key, found_id);
  end if;
  return found_id;
end
$$;

create function "outhook".send(tenant text, type text, data json, idempotency_key text default null, spread integer default 1)
  returns text language sql volatile as $$
  select "outhook".send(tenant, type, data::pg_catalog.text, idempotency_key, spread)
$$;

create function "outhook".send(tenant text, type text, data jsonb, idempotency_key text default null, spread integer default 1)
  returns text language sql volatile as $$
  select "outhook".send(tenant, type, data::pg_catalog.text, idempotency_key, spread)
$$;
