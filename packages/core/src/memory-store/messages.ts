import { OuthookError } from "../errors.ts";
import type { Message } from "../model.ts";
import type { InsertOutcome, MessageStore, NewMessage } from "../store/messages.ts";
import type { Memory, MessageRow, Tables } from "./tables.ts";
import { keyOf, openTables, requireOpen } from "./tables.ts";

type Place = Pick<Message, "id" | "createdAt">;

/** Accepted messages in memory. */
export function memoryMessages(memory: Memory): MessageStore<never> {
  const listeners = new Set<(partitions: readonly number[]) => void>();
  return {
    insert: async ({ messages, tx }) => {
      const tables = openTables(memory);
      if (tx !== undefined) throw noTransactions("tx");
      const outcomes = messages.map((message) => insertOne(tables, message));
      const partitions = [...new Set(messages.map(({ partition }) => partition))];
      for (const listener of listeners) listener(partitions);
      return outcomes;
    },

    statement: () => {
      throw noTransactions(null);
    },

    awaitingFanOut: async ({ partitions, limit, after }) => {
      const wanted = new Set(partitions);
      const found: MessageRow[] = [];
      for (const row of openTables(memory).awaiting) {
        if (found.length >= limit) break;
        const { partition } = row.message;
        if (wanted.has(partition) && isAfter(row.message, after?.get(partition))) found.push(row);
      }
      return found.map((row) => ({ ...row.message }));
    },

    onInserted: async (listener) => {
      requireOpen(memory);
      // One of its own, so that who listens twice is called twice.
      const heard = (partitions: readonly number[]): void => listener(partitions);
      listeners.add(heard);
      return async () => {
        listeners.delete(heard);
      };
    },
  };
}

function isAfter(message: Place, other: Place | undefined): boolean {
  if (other === undefined || message.createdAt > other.createdAt) return true;
  return message.createdAt === other.createdAt && message.id > other.id;
}

function insertOne(tables: Tables, { idempotencyKey, payloadHash, ...message }: NewMessage): InsertOutcome {
  const key = idempotencyKey === null ? null : keyOf(message.partition, message.tenant, idempotencyKey);
  const holder = (key === null ? undefined : tables.idempotency.get(key)) ?? tables.messages.get(message.id);
  if (holder !== undefined) {
    return { outcome: holder.payloadHash === payloadHash ? "duplicate" : "mismatch", id: holder.message.id };
  }
  const row: MessageRow = { message, payloadHash, deliveries: [] };
  tables.messages.set(message.id, row);
  tables.awaiting.add(row);
  if (key !== null) tables.idempotency.set(key, row);
  return { outcome: "inserted" };
}

function noTransactions(param: string | null): OuthookError {
  return new OuthookError(
    "unsupported_transaction",
    "The memory store has no SQL and joins no transaction: send without `tx`, or use a store on your database.",
    param === null ? {} : { param },
  );
}
