import type { TransactionHandle } from "@outhook/sql";
import { fromKnex } from "@outhook/sql";
import type { Knex } from "knex";
import knex from "knex";
import type { Host } from "./host.ts";

function open(config: Knex.Config): Host<TransactionHandle> {
  const db = knex(config);
  const statements: string[] = [];
  db.on("query", ({ sql }: { readonly sql: string }) => void statements.push(sql));
  return {
    statements,
    transaction: (work) =>
      db.transaction((trx) =>
        work({
          tx: fromKnex(trx),
          insertOrder: (id) => trx("orders").insert({ id }),
          countOrders: () => trx("orders").count(),
        }),
      ),
    close: () => db.destroy(),
  };
}

export const knexOnSqlite = (path: string): Host<TransactionHandle> =>
  open({ client: "better-sqlite3", connection: { filename: path }, useNullAsDefault: true });

export const knexOnPostgres = (url: string): Host<TransactionHandle> => open({ client: "pg", connection: url });
