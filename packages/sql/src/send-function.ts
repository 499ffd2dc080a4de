import type { Dialect } from "./dialect.ts";

/**
 * The function `send` of Postgres, for triggers and for services in other languages: it writes the row that `send` of the
 * library writes, in the caller's transaction and with the caller's rights.
 *
 * It takes JSON as `text`, `json` and `jsonb`; a bare literal counts as text. What only the options of an app say it cannot
 * know: bodies are standard envelopes of at most 1 MiB, ids begin with `msg_`, and no catalogue is asked.
 *
 * What the caller's session has set must not change what the names and texts in it mean: hence the search path, `[.]` in place
 * of a backslash, and the collation.
 */
export function sendFunction(dialect: Dialect, at: string): readonly string[] {
  if (dialect === "sqlite") return [];
  const head = (json: string) =>
    `create function ${at}send(tenant text, type text, data ${json}, idempotency_key text default null, spread integer default 1)
  returns text language`;
  const forJson = (json: string) =>
    `${head(json)} sql volatile as ${inDollars(`
  select ${at}send(tenant, type, data::pg_catalog.text, idempotency_key, spread)
`)}`;

  return [
    `${head("text")} plpgsql volatile set search_path = pg_catalog, pg_temp as ${inDollars(`
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
  if send.tenant is null or length(send.tenant) not between 1 and 256 or send.tenant collate "C" ~ '[\\u0001-\\u001f\\u007f-\\u009f]' then
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
  select value::integer into partitions from ${at}outhook_meta where name = 'partitions';
  if partitions is null then
    raise object_not_in_prerequisite_state using
      message = 'outhook: the database does not say which environment it belongs to',
      hint = 'Run await outhook.migrate() once before the first send.';
  end if;

  insert into ${at}outhook_messages
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
`)}`,
    forJson("json"),
    forJson("jsonb"),
  ];
}

/** A text of SQL between dollars that do not occur in it: the name of a schema may hold some. */
function inDollars(text: string): string {
  let dollars = "$$";
  for (let n = 1; text.includes(dollars); n += 1) dollars = `$a${n}$`;
  return `${dollars}${text}${dollars}`;
}
