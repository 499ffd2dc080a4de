import { describeTransaction, unsupportedTransaction } from "./describe.ts";
import { driverError } from "./driver-error.ts";
import type { TransactionHandle } from "./handle.ts";
import { createHandle, hasMethods } from "./handle.ts";
import { piecesOf } from "./pieces.ts";

/** A transaction of Knex on Postgres or SQLite. */
export type KnexTransaction = {
  raw(sql: string, bindings: readonly unknown[]): PromiseLike<unknown>;
  /** What Knex outside of a transaction lacks. */
  isCompleted(): boolean;
};

/**
 * Makes a Knex transaction one that `send(…, { tx })` joins.
 *
 * Throws `unsupported_transaction` for anything else, and for a transaction that has ended.
 *
 * @example
 * await knex.transaction(async (trx) => {
 *   await trx("loans").insert(loan);
 *   await acme.send("loan.active", { id: loan.id }, { tx: fromKnex(trx) });
 * });
 */
export function fromKnex(trx: KnexTransaction): TransactionHandle {
  if (!hasMethods(trx, "raw", "isCompleted")) {
    throw unsupportedTransaction(
      `fromKnex(trx): trx is ${describeTransaction(trx)}; pass the one that knex.transaction(async (trx) => …) hands over`,
    );
  }
  if (trx.isCompleted()) {
    throw unsupportedTransaction("fromKnex(trx): the transaction has ended; send before it is committed");
  }
  return createHandle((statement) => {
    const { texts, values } = piecesOf(statement);
    return trx.raw(texts.map((text) => text.replaceAll("?", "\\?")).join("?"), values);
  }, withoutStatement);
}

/** Knex puts the statement before the message, with all of its values. */
function withoutStatement(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return driverError({
    message: error.message.split(" - ").at(-1),
    code: Reflect.get(error, "code"),
    severity: Reflect.get(error, "severity"),
  });
}
