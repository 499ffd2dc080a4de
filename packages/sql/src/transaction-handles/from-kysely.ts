import type { CompiledQuery } from "kysely";
import type { TransactionHandle } from "./handle.ts";
import { hasMethods } from "./handle.ts";

/** A Kysely `Transaction`, as `db.transaction().execute()` hands it over. It needs no wrapper: the stores make the handle. */
export type KyselyTransaction = {
  readonly isTransaction: true;
  readonly executeQuery: (query: CompiledQuery) => Promise<{ readonly rows: readonly unknown[] }>;
};

/** True for a Kysely `Transaction`, and not for the Kysely instance that began it. */
export function isKyselyTransaction(tx: unknown): tx is KyselyTransaction {
  return hasMethods(tx, "executeQuery") && "isTransaction" in tx && tx.isTransaction === true;
}

export function fromKysely(tx: KyselyTransaction): TransactionHandle {
  return {
    kind: "outhook-transaction",
    run: async ({ sql, parameters }) => {
      // Whoever has such a transaction has loaded it.
      const { CompiledQuery: compiled } = await import("kysely");
      return (await tx.executeQuery(compiled.raw(sql, [...parameters]))).rows;
    },
  };
}
