import { createClient } from "@libsql/client";
import type { TransactionHandle } from "@outhook/sql";
import { fromDrizzle } from "@outhook/sql";
import Database from "better-sqlite3";
import { sql } from "drizzle-orm";
import { drizzle as drizzleLibsql } from "drizzle-orm/libsql";
import type { BaseSQLiteDatabase } from "drizzle-orm/sqlite-core";
import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { drizzle as drizzleProxy } from "drizzle-orm/sqlite-proxy";
import type { Host } from "./host.ts";

const orders = sqliteTable("orders", { id: text("id").primaryKey() });

function open<Result>(
  connect: (logger: { readonly logQuery: (query: string) => void }) => BaseSQLiteDatabase<"async", Result>,
  close: () => void,
): Host<TransactionHandle> {
  const statements: string[] = [];
  const db = connect({ logQuery: (query) => void statements.push(query) });
  return {
    statements,
    transaction: (work) =>
      db.transaction((tx) =>
        work({
          tx: fromDrizzle(tx, sql),
          insertOrder: async (id) => await tx.insert(orders).values({ id }),
          countOrders: () => tx.$count(orders),
        }),
      ),
    close: async () => close(),
  };
}

export function drizzleOnLibsql(path: string): Host<TransactionHandle> {
  const client = createClient({ url: `file:${path}` });
  return open(
    (logger) => drizzleLibsql(client, { logger }),
    () => client.close(),
  );
}

/** Rows come as arrays there, as the proxy is asked for them. */
export function drizzleOnSqliteProxy(path: string): Host<TransactionHandle> {
  const database = new Database(path, { timeout: 0 });
  return open(
    (logger) =>
      drizzleProxy(
        async (query, parameters, method) => {
          const statement = database.prepare(query);
          if (!statement.reader) return { rows: [statement.run(...parameters)] };
          const rows: unknown[] = statement.raw().all(...parameters);
          return { rows: method === "get" ? rows.flat() : rows };
        },
        { logger },
      ),
    () => void database.close(),
  );
}
