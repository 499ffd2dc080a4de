/**
 * What a store needs beside the connection that runs its statements, without the query builder: the transactions of hosts, and the
 * schema as SQL.
 */
export type { AppliedMigration, Migration } from "./migrations.ts";
export { migrations, pendingMigrations, schemaPending } from "./migrations.ts";
export { schemaSql } from "./schema-sql.ts";
export { describeTransaction, unsupportedTransaction } from "./transaction-handles/describe.ts";
export type { DrizzleSql, DrizzleTransaction } from "./transaction-handles/from-drizzle.ts";
export { fromDrizzle } from "./transaction-handles/from-drizzle.ts";
export type { KnexTransaction } from "./transaction-handles/from-knex.ts";
export { fromKnex } from "./transaction-handles/from-knex.ts";
export type { KyselyTransaction } from "./transaction-handles/from-kysely.ts";
export { fromKysely, isKyselyTransaction } from "./transaction-handles/from-kysely.ts";
export type { PrismaTransaction } from "./transaction-handles/from-prisma.ts";
export { fromPrisma } from "./transaction-handles/from-prisma.ts";
export type { StatementValue, TransactionHandle, TransactionStatement } from "./transaction-handles/handle.ts";
export { isTransactionHandle } from "./transaction-handles/handle.ts";
export type { InsertedRow } from "./transaction-handles/inserted-rows.ts";
export { insertedRows } from "./transaction-handles/inserted-rows.ts";
