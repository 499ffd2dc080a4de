import type { ClaimStatements } from "./claim-statements.ts";
import { claimStatements } from "./claim-statements.ts";
import type { MessageStatements } from "./message-statements.ts";
import { messageStatements } from "./message-statements.ts";
import type { QueueStatements } from "./queue-statements.ts";
import { queueStatements } from "./queue-statements.ts";
import type { SettleStatements } from "./settle-statements.ts";
import { settleStatements } from "./settle-statements.ts";
import { tablesIn } from "./tables.ts";

/**
 * The statements that run for every batch: each finds its rows by an index, names their partition, and takes any number of
 * rows as arrays. A test holds all of it.
 */
export type Statements = MessageStatements & ClaimStatements & SettleStatements & QueueStatements;

/** All of them, on the tables in this schema. */
export function createStatements(schema: string): Statements {
  const tables = tablesIn(schema);
  return {
    ...messageStatements(tables),
    ...claimStatements(tables),
    ...settleStatements(tables),
    ...queueStatements(tables),
  };
}
