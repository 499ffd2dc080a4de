import type { InsertOutcome, NewMessage } from "@outhook/core";
import type { Statement, Value } from "./session.ts";

/**
 * The INSERT of so many messages. For one whose key is taken it returns the row that has it: setting the key to what it
 * already is makes that row one of the returned, which doing nothing would not.
 */
export function insertSql(count: number): string {
  const rows = Array.from({ length: count }, () => "(?, ?, ?, ?, ?, 0, ?, ?, ?)").join(", ");
  return `insert into outhook_messages
(partition, id, tenant, type, created_at, fanned_out, idempotency_key, payload_hash, body) values ${rows}
on conflict (partition, tenant, idempotency_key) where idempotency_key is not null
do update set idempotency_key = excluded.idempotency_key
returning id, payload_hash as hash, tenant, idempotency_key as key`;
}

/** The INSERT of one message. */
export const insertOne: Statement<readonly [id: string, hash: string | null]> = { sql: insertSql(1) };

/** The values of one row of {@link insertSql}. */
export function valuesOf(message: NewMessage): readonly Value[] {
  const { partition, id, tenant, type, createdAt, idempotencyKey, payloadHash, body } = message;
  return [partition, id, tenant, type, createdAt, idempotencyKey, payloadHash, body];
}

/** What became of a message, by the row that came back for it. */
export function outcomeOf(
  message: NewMessage,
  row: { readonly id: string; readonly hash: string | null },
): InsertOutcome {
  if (row.id === message.id) return { outcome: "inserted" };
  return { outcome: row.hash === message.payloadHash ? "duplicate" : "mismatch", id: row.id };
}
