/**
 * The tables. A column for what is looked for, compared or counted, by its name in `@outhook/core`, so that rows need no
 * translation; one JSON text, `document`, for what is only ever read whole.
 */
export const tables = `
create table outhook_meta (version integer not null, environment text not null, partitions integer not null) strict;
create table outhook_dispatchers (id text primary key, endsAt integer not null) strict, without rowid;

create table outhook_tenants (tenant text primary key, revision integer not null) strict, without rowid;
create table outhook_endpoints (
  tenant text, id text, document text not null, primary key (tenant, id)) strict, without rowid;
-- Signing secrets, and with an empty secretId the custom headers of an endpoint: together, since both are found by their key.
create table outhook_sealed (
  tenant text, endpointId text, secretId text, sealed text not null, keyId text not null,
  createdAt integer not null, expiresAt integer, primary key (tenant, endpointId, secretId)) strict, without rowid;
create index outhook_sealed_key on outhook_sealed (keyId, tenant, endpointId, secretId);
create view outhook_endpoint as select e.tenant, e.id, e.document, s.sealed as sealedHeaders from outhook_endpoints e
  left join outhook_sealed s on s.tenant = e.tenant and s.endpointId = e.id and s.secretId = '';
create table outhook_answers (
  tenant text, scope text, key text, document text not null, keyId text not null, expiresAt integer not null,
  primary key (tenant, scope, key)) strict, without rowid;
create index outhook_answers_key on outhook_answers (keyId, expiresAt);
create index outhook_answers_expiry on outhook_answers (expiresAt);

create table outhook_messages (
  seq integer primary key, id text not null unique, partition integer not null, tenant text not null, type text not null,
  createdAt integer not null, idempotencyKey text, payloadHash text, body text not null) strict;
create unique index outhook_messages_key on outhook_messages (tenant, idempotencyKey) where idempotencyKey is not null;
-- Who deletes a row here fans the message out. A column of the message would mean to write it again, body and all.
create table outhook_waiting (
  partition integer, createdAt integer, id text, seq integer not null,
  primary key (partition, createdAt, id)) strict, without rowid;
-- A trigger, because a host that records a message in its own transaction has one statement for it.
create trigger outhook_messages_wait after insert on outhook_messages begin
  insert into outhook_waiting values (new.partition, new.createdAt, new.id, new.seq);
end;

-- readyAt follows from what the row waits for, and nextDueAt from its deliveries by the triggers below, so that no statement can
-- forget to keep them true. Both are null when nothing is pending.
create table outhook_queue (
  id integer primary key, partition integer not null, endpointId text not null, lane text not null,
  nextDueAt integer, heldUntil integer not null default 0, servedAt integer not null default 0, pace integer,
  readyAt integer as (max(nextDueAt, heldUntil, servedAt)), unique (partition, endpointId, lane)) strict;
create index outhook_queue_ready on outhook_queue (readyAt, partition);
create index outhook_queue_served on outhook_queue (servedAt);
-- They lie under a queue row, by its number. dueAt is null unless pending, leasedAt unless a lease stands on it.
create table outhook_deliveries (
  id text primary key, message integer not null, queue integer not null, status text not null,
  dueAt integer, leasedAt integer, fence integer not null, attempts integer not null default 0,
  scheduledAttempts integer default 0, createdAt integer not null, updatedAt integer not null) strict, without rowid;
create index outhook_deliveries_due on outhook_deliveries (queue, dueAt, id) where dueAt is not null;
create index outhook_deliveries_log on outhook_deliveries (queue, status, id);
create index outhook_deliveries_message on outhook_deliveries (message);
create trigger outhook_deliveries_insert after insert on outhook_deliveries when new.dueAt is not null begin
  update outhook_queue set nextDueAt = new.dueAt where id = new.queue and ifnull(nextDueAt > new.dueAt, true);
end;
create trigger outhook_deliveries_update after update of queue, dueAt on outhook_deliveries begin
  update outhook_queue set nextDueAt = (select min(dueAt) from outhook_deliveries where queue = outhook_queue.id
    and dueAt is not null) where id in (old.queue, new.queue);
end;
create table outhook_attempts (
  deliveryId text, number integer, document text not null, primary key (deliveryId, number)) strict, without rowid;
create table outhook_health (endpointId text primary key, document text not null) strict, without rowid;
`;
