export type {
  DrizzleSql,
  DrizzleTransaction,
  KnexTransaction,
  KyselyTransaction,
  PrismaTransaction,
  StatementValue,
  TransactionHandle,
  TransactionStatement,
} from "@outhook/sql/for-hosts";
export { fromDrizzle, fromKnex, fromPrisma, schemaSql } from "@outhook/sql/for-hosts";
export type { SqliteStoreOptions } from "./store.ts";
export { sqliteStore } from "./store.ts";
export type { SqliteTransaction } from "./transaction.ts";
