export type { SqliteStoreOptions } from "./store.ts";
export { sqliteStore } from "./store.ts";
export type { SqliteTransaction } from "./transaction.ts";
