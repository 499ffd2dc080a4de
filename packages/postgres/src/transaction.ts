import { OuthookError } from "@outhook/core/for-stores";
import type { InsertedRow, KyselyTransaction, TransactionHandle } from "@outhook/sql";
import {
  describeTransaction,
  fromKysely,
  insertedRows,
  isKyselyTransaction,
  isTransactionHandle,
  unsupportedTransaction,
} from "@outhook/sql";
import { failureOf, isServerError } from "./failures.ts";
import type { Statement, Value } from "./session.ts";

/** A client of `pg`, or of a `pg` pool, on which the host has begun a transaction. */
export type PostgresClientTransaction = {
  query(text: string, values: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
  /** What only pools have: each of their queries may run on another connection. */
  readonly totalCount?: never;
};

/** What `send(…, { tx })` can join on Postgres: transactions of these libraries on the same database. */
export type PostgresTransaction = PostgresClientTransaction | KyselyTransaction | TransactionHandle;

/** Runs an INSERT of messages in the host's transaction. */
export type RunInsert = (
  statement: Statement<InsertedRow>,
  values: readonly Value[],
) => Promise<readonly InsertedRow[]>;

/** Says how. Throws `unsupported_transaction` for what the store cannot join. */
export function joinTransaction(tx: unknown): RunInsert {
  const handle = handleOf(tx);
  return async ({ sql }, values) => {
    try {
      return insertedRows(await handle.run({ sql, parameters: values }));
    } catch (error) {
      throw joinFailure(error);
    }
  };
}

function handleOf(tx: unknown): TransactionHandle {
  if (isTransactionHandle(tx)) return tx;
  if (isKyselyTransaction(tx)) return fromKysely(tx);
  if (isClient(tx)) {
    if (statusOf(tx) === "I") throw unjoined("a Postgres client on which no transaction has begun");
    return fromClient(tx);
  }
  throw unjoined(describeTransaction(tx));
}

function fromClient(client: PostgresClientTransaction): TransactionHandle {
  return {
    kind: "outhook-transaction",
    run: async ({ sql, parameters }) => (await client.query(sql, [...parameters])).rows,
  };
}

/** A `pg` client can say what the server encodes and be listened to; other things that have `query` are not taken for one. */
function isClient(tx: unknown): tx is PostgresClientTransaction {
  if (typeof tx !== "object" || tx === null || "totalCount" in tx) return false;
  return ["query", "escapeIdentifier", "on"].every((name) => typeof Reflect.get(tx, name) === "function");
}

/** `I` when no transaction has begun, as the server said after the last query; only newer versions of `pg` tell. */
function statusOf(client: object): unknown {
  const status: unknown = Reflect.get(client, "getTransactionStatus");
  return typeof status === "function" ? Reflect.apply(status, client, []) : null;
}

function unjoined(received: string): OuthookError {
  return unsupportedTransaction(
    `tx: the Postgres store cannot join ${received}. It joins a client of pg on which BEGIN has run (of pool.connect(), ` +
      "not the pool), a Kysely Transaction, as db.transaction().execute(async (tx) => …) hands it over, and what " +
      "fromDrizzle, fromPrisma and fromKnex make of theirs",
  );
}

/** What the host's connection or library said, in our words; the host decides whether to roll back. */
function joinFailure(error: unknown): OuthookError {
  // 25P02: a statement before has failed, and the transaction takes none any more.
  if (isServerError(error) && error.code !== "25P02") return failureOf(error);
  const message = error instanceof Error ? error.message : String(error);
  // Of a connection that ended; of one that the host has given back or closed pg says something else.
  if (/ECONNRESET|EPIPE|ETIMEDOUT|[Cc]onnection (?:terminated unexpectedly|error)/.test(message))
    return failureOf(error);
  return new OuthookError("unsupported_transaction", `tx: it refused the statement: ${message.slice(0, 60)}`, {
    param: "tx",
    cause: error,
  });
}
