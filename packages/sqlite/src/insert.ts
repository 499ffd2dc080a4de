import type { InsertOutcome, NewMessage } from "@outhook/core";
import type { Value } from "./session.ts";

/** The row that has the message's place: its own, or the one that has had its key before. */
export type Inserted = readonly [id: string, payloadHash: string | null, idempotencyKey: string | null];

const columns = [
  "partition",
  "id",
  "tenant",
  "type",
  "created_at",
  "fanned_out",
  "idempotency_key",
  "payload_hash",
  "body",
];

const statements = new Map<number, string>();

/**
 * The INSERT of so many messages. One whose key is taken comes back as the row that has it: setting the key to what it is
 * makes that row one of the returned, which doing nothing would not.
 */
export function insertSql(count: number): string {
  const known = statements.get(count);
  if (known !== undefined) return known;
  const rows = Array.from({ length: count }, () => "(?, ?, ?, ?, ?, 0, ?, ?, ?)").join(", ");
  const built = `insert into outhook_messages (${columns.join(", ")}) values ${rows}
on conflict (partition, tenant, idempotency_key) where idempotency_key is not null
do update set idempotency_key = excluded.idempotency_key
returning id, payload_hash, idempotency_key`;
  statements.set(count, built);
  return built;
}

/** The values of one row of {@link insertSql}. */
export function bindMessage(message: NewMessage): readonly Value[] {
  const { partition, id, tenant, type, createdAt, idempotencyKey, payloadHash, body } = message;
  return [partition, id, tenant, type, createdAt, idempotencyKey, payloadHash, body];
}

/** What became of a message, by the row that came back for it. */
export function outcomeOf(message: NewMessage, row: Inserted | undefined): InsertOutcome {
  const [id, payloadHash] = row ?? [message.id];
  if (id === message.id) return { outcome: "inserted" };
  return { outcome: payloadHash === message.payloadHash ? "duplicate" : "mismatch", id };
}
