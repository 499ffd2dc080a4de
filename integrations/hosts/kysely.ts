import Database from "better-sqlite3";
import type { Dialect, Transaction } from "kysely";
import { Kysely, PostgresDialect, SqliteDialect } from "kysely";
import pg from "pg";
import type { Host } from "./host.ts";

type Tables = { readonly orders: { readonly id: string } };

function open(dialect: Dialect): Host<Transaction<Tables>> {
  const statements: string[] = [];
  const db = new Kysely<Tables>({ dialect, log: ({ query }) => void statements.push(query.sql) });
  return {
    statements,
    transaction: (work) =>
      db.transaction().execute((tx) =>
        work({
          tx,
          insertOrder: (id) => tx.insertInto("orders").values({ id }).execute(),
          countOrders: () => tx.selectFrom("orders").selectAll().execute(),
        }),
      ),
    close: () => db.destroy(),
  };
}

export const kyselyOnSqlite = (path: string): Host<Transaction<Tables>> =>
  open(new SqliteDialect({ database: new Database(path, { timeout: 0 }) }));

export const kyselyOnPostgres = (url: string): Host<Transaction<Tables>> =>
  open(new PostgresDialect({ pool: new pg.Pool({ connectionString: url }) }));
