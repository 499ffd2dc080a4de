/** A value of a statement. Lists are arrays of Postgres. */
export type StatementValue = string | number | null | readonly (string | number | null)[];

/** One statement with its values; `?` (SQLite) or `$1`, `$2` … (Postgres) stand for them in the text. */
export type TransactionStatement = { readonly sql: string; readonly parameters: readonly StatementValue[] };

/**
 * A host's open transaction, as `send(…, { tx })` of the SQLite and of the Postgres store takes it.
 *
 * `fromDrizzle`, `fromPrisma` and `fromKnex` make one. Of any other library it is one line, if the library can run SQL
 * asynchronously in its transaction.
 *
 * @example
 * const tx = { kind: "outhook-transaction", run: ({ sql, parameters }) => queryRunner.query(sql, [...parameters]) };
 */
export type TransactionHandle = {
  readonly kind: "outhook-transaction";
  /**
   * Runs this statement in the transaction and gives the rows that it returns: objects, or arrays of the values in order.
   * Rejects with the error of the database's driver, so that its code tells what is wrong.
   */
  readonly run: (statement: TransactionStatement) => Promise<readonly unknown[]>;
};

/** True for a {@link TransactionHandle}, also one made by a second copy of this package. */
export function isTransactionHandle(value: unknown): value is TransactionHandle {
  return hasMethods(value, "run") && "kind" in value && value.kind === "outhook-transaction";
}

/**
 * A handle of what a library runs and answers: rows, or an object with the `rows`. `toDriverError` finds what the driver
 * said in what the library throws.
 */
export function createHandle(
  execute: (statement: TransactionStatement) => PromiseLike<unknown>,
  toDriverError: (error: unknown) => unknown,
): TransactionHandle {
  return {
    kind: "outhook-transaction",
    run: async (statement) => {
      try {
        return rowsOf(await execute(statement));
      } catch (error) {
        throw toDriverError(error);
      }
    },
  };
}

/** True when all of these are functions of it. */
export function hasMethods(value: unknown, ...names: readonly string[]): value is object {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  return names.every((name) => typeof Reflect.get(value, name) === "function");
}

function rowsOf(answer: unknown): readonly unknown[] {
  const rows = typeof answer === "object" && answer !== null && "rows" in answer ? answer.rows : answer;
  return Array.isArray(rows) ? rows : [];
}
