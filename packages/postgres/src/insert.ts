import type { InsertOutcome, NewMessage } from "@outhook/core";
import { OuthookError } from "@outhook/core/for-stores";
import type { InsertedRow } from "@outhook/sql";

/** The first of each idempotency key: one statement cannot meet a key twice. */
export function distinctKeys(messages: readonly NewMessage[]): readonly NewMessage[] {
  return [...new Map(messages.toReversed().map((message) => [placeOf(message), message])).values()].toReversed();
}

/** What became of each message, by the rows that came back for them. */
export function outcomesOf(messages: readonly NewMessage[], rows: readonly InsertedRow[]): readonly InsertOutcome[] {
  const byPlace = new Map(rows.map((row) => [placeOf({ ...row, idempotencyKey: row.key }), row]));
  return messages.map((message) => {
    const row = byPlace.get(placeOf(message));
    if (row === undefined) throw new OuthookError("internal", "the database answered without a row that it inserted");
    if (row.id === message.id) return { outcome: "inserted" };
    return { outcome: row.hash === message.payloadHash ? "duplicate" : "mismatch", id: row.id };
  });
}

/** The values of the statement for one message. */
export function valuesOf(message: NewMessage): readonly (string | number | null)[] {
  const { partition, id, tenant, type, createdAt, idempotencyKey, payloadHash, body } = message;
  return [partition, id, tenant, type, createdAt, idempotencyKey, payloadHash, body];
}

/** Messages with one key have one place; without a key each has its own. */
function placeOf({ id, tenant, idempotencyKey }: Pick<NewMessage, "id" | "tenant" | "idempotencyKey">): string {
  return JSON.stringify(idempotencyKey === null ? [id] : [tenant, idempotencyKey]);
}
