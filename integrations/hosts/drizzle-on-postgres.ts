import type { PGlite } from "@electric-sql/pglite";
import type { TransactionHandle } from "@outhook/sql";
import { fromDrizzle } from "@outhook/sql";
import { sql } from "drizzle-orm";
import { drizzle as drizzleNodePostgres } from "drizzle-orm/node-postgres";
import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";
import { pgTable, text } from "drizzle-orm/pg-core";
import { drizzle as drizzlePglite } from "drizzle-orm/pglite";
import { drizzle as drizzlePostgresJs } from "drizzle-orm/postgres-js";
import pg from "pg";
import postgres from "postgres";
import type { Host } from "./host.ts";

const orders = pgTable("orders", { id: text("id").primaryKey() });

function open<Kind extends PgQueryResultHKT>(
  connect: (logger: { readonly logQuery: (query: string) => void }) => PgDatabase<Kind>,
  close: () => Promise<unknown>,
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
    close,
  };
}

export function drizzleOnNodePostgres(url: string): Host<TransactionHandle> {
  const pool = new pg.Pool({ connectionString: url });
  return open(
    (logger) => drizzleNodePostgres(pool, { logger }),
    () => pool.end(),
  );
}

export function drizzleOnPostgresJs(url: string): Host<TransactionHandle> {
  const client = postgres(url);
  return open(
    (logger) => drizzlePostgresJs(client, { logger }),
    () => client.end(),
  );
}

export function drizzleOnPglite(lite: PGlite): Host<TransactionHandle> {
  return open(
    (logger) => drizzlePglite(lite, { logger }),
    () => lite.close(),
  );
}
