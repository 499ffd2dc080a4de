export type {
  DrizzleSql,
  DrizzleTransaction,
  KnexTransaction,
  KyselyTransaction,
  PrismaTransaction,
  StatementValue,
  TransactionHandle,
  TransactionStatement,
} from "@outhook/sql";
export { fromDrizzle, fromKnex, fromPrisma, schemaSql } from "@outhook/sql";
export type { PostgresClient, PostgresPool, PostgresQuery } from "./pool.ts";
export type { PostgresConnections, PostgresStoreOptions } from "./store.ts";
export { postgresStore } from "./store.ts";
export type { PostgresClientTransaction, PostgresTransaction } from "./transaction.ts";
