import type { InsertOutcome, NewMessage, SqlStatement } from "@outhook/core";
import { OuthookError } from "@outhook/core/for-stores";
import type { KyselyTransaction, TransactionHandle } from "@outhook/sql/for-hosts";
import {
  describeTransaction,
  fromKysely,
  insertedRows,
  isKyselyTransaction,
  isTransactionHandle,
  unsupportedTransaction,
} from "@outhook/sql/for-hosts";
import { failureOf, isBusy, isSqliteError } from "./failures.ts";
import { insertSql, outcomeOf, valuesOf } from "./insert.ts";

/** What `send(…, { tx })` can join on SQLite: transactions of these libraries on the same file. */
export type SqliteTransaction = KyselyTransaction | TransactionHandle;

/** Runs the INSERT of these messages, one statement, in the host's transaction. */
export async function insertInto(
  tx: TransactionHandle,
  messages: readonly NewMessage[],
): Promise<readonly InsertOutcome[]> {
  if (messages.length === 0) return [];
  const firsts = new Map(messages.toReversed().map((message) => [placeOf(message), message]));
  const distinct = [...firsts.values()].toReversed();
  const statement = { sql: insertSql(distinct.length), parameters: distinct.flatMap(valuesOf) };
  const rows = insertedRows(await run(tx, statement));
  const byPlace = new Map(rows.map((row) => [placeOf({ ...row, idempotencyKey: row.key }), row]));
  return messages.map((message) => {
    const row = byPlace.get(placeOf(message));
    if (row === undefined) throw new OuthookError("internal", "the transaction answered without the row it inserted");
    return outcomeOf(message, row);
  });
}

async function run(tx: TransactionHandle, statement: SqlStatement): Promise<readonly unknown[]> {
  try {
    return await tx.run(statement);
  } catch (error) {
    throw joinFailure(error);
  }
}

/** Throws `unsupported_transaction` unless this is a transaction that the store can join. */
export function requireTransaction(tx: unknown): TransactionHandle {
  if (isTransactionHandle(tx)) return tx;
  if (isKyselyTransaction(tx)) return fromKysely(tx);
  throw unsupportedTransaction(
    `tx: the SQLite store cannot join ${describeTransaction(tx)}. It joins a Kysely Transaction on the same file, as ` +
      "db.transaction().execute(async (tx) => …) hands it over, and what fromDrizzle, fromPrisma and fromKnex make of " +
      "theirs; for synchronous transactions run what prepare() returns",
  );
}

/** Messages with one key have one place; without a key each has its own. */
function placeOf(message: Pick<NewMessage, "id" | "tenant" | "idempotencyKey">): string {
  const { id, tenant, idempotencyKey } = message;
  return JSON.stringify(idempotencyKey === null ? [id] : [tenant, idempotencyKey]);
}

/** What the host's connection or library said, in our words; the host decides whether to roll back. */
function joinFailure(error: unknown): OuthookError {
  if (isBusy(error)) {
    return new OuthookError(
      "store_busy",
      "tx: another connection has the write lock. A transaction that read before its first write cannot wait for it " +
        "(SQLite gives up at once): begin it with BEGIN IMMEDIATE, or run it again",
      { param: "tx", cause: error },
    );
  }
  if (isSqliteError(error)) return failureOf(error, "the database of tx");
  const message = error instanceof Error ? error.message : String(error);
  return new OuthookError("unsupported_transaction", `tx: it refused the statement: ${message.slice(0, 60)}`, {
    param: "tx",
    cause: error,
  });
}
