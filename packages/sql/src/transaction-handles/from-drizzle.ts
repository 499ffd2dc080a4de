import { describeTransaction, unsupportedTransaction } from "./describe.ts";
import type { TransactionHandle, TransactionStatement } from "./handle.ts";
import { createHandle, hasMethods } from "./handle.ts";
import { piecesOf } from "./pieces.ts";

/** A transaction of Drizzle on Postgres, or on SQLite through an asynchronous driver. */
export type DrizzleTransaction<Query> =
  | { rollback(): unknown; execute(query: Query): PromiseLike<unknown> }
  | { rollback(): unknown; all(query: Query): PromiseLike<unknown> };

/** Drizzle's own `sql`. */
export type DrizzleSql<Query> = {
  raw(text: string): unknown;
  param(value: unknown): unknown;
  join(chunks: unknown[]): Query;
};

/**
 * Makes a Drizzle transaction one that `send(…, { tx })` joins. `sql` is the one of `drizzle-orm`.
 *
 * Throws `unsupported_transaction` for anything else, and for transactions that are synchronous, as those of
 * `drizzle-orm/better-sqlite3` are: run there what `prepare()` returns. That a transaction has ended Drizzle does not tell,
 * so await the send inside of it.
 *
 * @example
 * await db.transaction(async (tx) => {
 *   await tx.insert(loans).values(loan);
 *   await acme.send("loan.active", { id: loan.id }, { tx: fromDrizzle(tx, sql) });
 * });
 */
export function fromDrizzle<Query>(tx: DrizzleTransaction<Query>, sql: DrizzleSql<Query>): TransactionHandle {
  requireDrizzle(tx, sql);
  return createHandle((statement) => {
    const query = queryOf(statement, sql);
    return "execute" in tx ? tx.execute(query) : tx.all(query);
  }, innermost);
}

function requireDrizzle(tx: unknown, sql: unknown): void {
  if (!hasMethods(tx, "rollback") || !(hasMethods(tx, "execute") || hasMethods(tx, "all"))) {
    throw unsupportedTransaction(
      `fromDrizzle(tx, sql): tx is ${describeTransaction(tx)}; pass the one that db.transaction(async (tx) => …) hands over`,
    );
  }
  // Drizzle keeps it to itself, but nothing else tells before the statement has run, outside of the transaction.
  if (!hasMethods(tx, "execute") && Reflect.get(tx, "resultKind") !== "async") {
    throw unsupportedTransaction(
      "fromDrizzle(tx, sql): the transactions of this driver are synchronous, so a send would end after them; " +
        "await prepare() before the transaction, and run the statement that it returns in it",
    );
  }
  if (!hasMethods(sql, "raw", "param", "join")) {
    throw unsupportedTransaction(
      'fromDrizzle(tx, sql): sql is missing; pass the one of `import { sql } from "drizzle-orm"`',
    );
  }
}

function queryOf<Query>(statement: TransactionStatement, sql: DrizzleSql<Query>): Query {
  const { texts, values } = piecesOf(statement);
  const chunks = texts.flatMap((text, index) =>
    index === 0 ? [sql.raw(text)] : [sql.param(values[index - 1]), sql.raw(text)],
  );
  return sql.join(chunks);
}

/** The driver's error, around which Drizzle puts one with the values of the statement in its message. */
function innermost(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? innermost(error.cause) : error;
}
