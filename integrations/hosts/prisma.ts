import type { TransactionHandle } from "@outhook/sql";
import { fromPrisma } from "@outhook/sql";
import { PrismaBetterSqlite3 } from "@prisma/adapter-better-sqlite3";
import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient as PostgresClient } from "../dist/postgres/client.ts";
import { PrismaClient as SqliteClient } from "../dist/sqlite/client.ts";
import type { Host } from "./host.ts";

const log: [{ readonly emit: "event"; readonly level: "query" }] = [{ emit: "event", level: "query" }];

export function prismaOnSqlite(path: string): Host<TransactionHandle> {
  const prisma = new SqliteClient({ adapter: new PrismaBetterSqlite3({ url: path, timeout: 0 }), log });
  const statements: string[] = [];
  prisma.$on("query", ({ query }) => void statements.push(query));
  return {
    statements,
    transaction: (work) =>
      prisma.$transaction((tx) =>
        work({
          tx: fromPrisma(tx),
          insertOrder: (id) => tx.order.create({ data: { id } }),
          countOrders: () => tx.order.count(),
        }),
      ),
    close: () => prisma.$disconnect(),
  };
}

export function prismaOnPostgres(url: string): Host<TransactionHandle> {
  const prisma = new PostgresClient({ adapter: new PrismaPg({ connectionString: url }), log });
  const statements: string[] = [];
  prisma.$on("query", ({ query }) => void statements.push(query));
  return {
    statements,
    transaction: (work) =>
      prisma.$transaction((tx) =>
        work({
          tx: fromPrisma(tx),
          insertOrder: (id) => tx.order.create({ data: { id } }),
          countOrders: () => tx.order.count(),
        }),
      ),
    close: () => prisma.$disconnect(),
  };
}
