import type { InsertOutcome, NewMessage } from "@outhook/core";
import { OuthookError } from "@outhook/core";
import { CompiledQuery } from "kysely";
import { failureOf, isBusy, isSqliteError } from "./failures.ts";
import { insertSql, outcomeOf, valuesOf } from "./insert.ts";

/**
 * What `send(…, { tx })` can join on SQLite: a Kysely `Transaction` on the same file, as `db.transaction().execute()` hands
 * it over.
 */
export type SqliteTransaction = {
  readonly isTransaction: true;
  readonly executeQuery: (query: CompiledQuery) => Promise<{ readonly rows: readonly unknown[] }>;
};

type InsertedRow = {
  readonly id: string;
  readonly hash: string | null;
  readonly tenant: string;
  readonly key: string | null;
};

/** Runs the INSERT of these messages, one statement, in the host's transaction. */
export async function insertInto(
  tx: SqliteTransaction,
  messages: readonly NewMessage[],
): Promise<readonly InsertOutcome[]> {
  if (messages.length === 0) return [];
  const firsts = new Map(messages.toReversed().map((message) => [placeOf(message), message]));
  const distinct = [...firsts.values()].toReversed();
  const query = CompiledQuery.raw(insertSql(distinct.length), distinct.flatMap(valuesOf));
  const { rows } = await tx.executeQuery(query).catch((error: unknown) => {
    throw joinFailure(error);
  });
  const byPlace = new Map(rows.filter(isInsertedRow).map((row) => [placeOf({ ...row, idempotencyKey: row.key }), row]));
  return messages.map((message) => {
    const row = byPlace.get(placeOf(message));
    if (row === undefined) throw new OuthookError("internal", "the transaction answered without the row it inserted");
    return outcomeOf(message, row);
  });
}

/** Throws `unsupported_transaction` unless this is a transaction that the store can join. */
export function requireTransaction(tx: unknown): SqliteTransaction {
  if (isKyselyTransaction(tx)) return tx;
  throw new OuthookError(
    "unsupported_transaction",
    `tx: the SQLite store cannot join ${nameOf(tx)}. It joins a Kysely Transaction on the same file, as ` +
      "db.transaction().execute(async (tx) => …) hands it over; for synchronous transactions run what prepare() returns",
    { param: "tx" },
  );
}

/** Messages with one key have one place; without a key each has its own. */
function placeOf(message: Pick<NewMessage, "id" | "tenant" | "idempotencyKey">): string {
  const { id, tenant, idempotencyKey } = message;
  return JSON.stringify(idempotencyKey === null ? [id] : [tenant, idempotencyKey]);
}

function isInsertedRow(row: unknown): row is InsertedRow {
  return typeof row === "object" && row !== null && "id" in row && "hash" in row && "tenant" in row && "key" in row;
}

function isKyselyTransaction(tx: unknown): tx is SqliteTransaction {
  return hasMethods(tx, "executeQuery") && "isTransaction" in tx && tx.isTransaction === true;
}

function nameOf(tx: unknown): string {
  if (hasMethods(tx, "prepare", "pragma")) return "a better-sqlite3 Database (its transactions are synchronous)";
  if (hasMethods(tx, "prepare", "exec")) return "a database handle whose transactions are synchronous";
  if (hasMethods(tx, "executeQuery")) return "a Kysely instance outside of a transaction";
  if (hasMethods(tx, "query")) return "a Postgres client or pool";
  if (typeof tx !== "object" || tx === null) return tx === null ? "null" : `a value of type ${typeof tx}`;
  return `an object with the properties ${Object.keys(tx).join(", ").slice(0, 60)}`;
}

function hasMethods(value: unknown, ...names: readonly string[]): value is object {
  if (typeof value !== "object" || value === null) return false;
  return names.every((name) => typeof Reflect.get(value, name) === "function");
}

/** What the host's connection or Kysely said, in our words; the host decides whether to roll back. */
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
