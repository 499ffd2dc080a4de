import type { MessageStore, NewMessage } from "@outhook/core";
import type { Hints } from "./hints.ts";
import { distinctKeys, outcomesOf, valuesOf } from "./insert.ts";
import { newMessages, waitingFrom } from "./message-statements.ts";
import type { Statements } from "./statements.ts";
import type { PostgresTransaction } from "./transaction.ts";
import { joinTransaction } from "./transaction.ts";
import type { Transactions } from "./transactions.ts";

/** Bytes of bodies that one call reads. */
const maxBodyBytes = 4 * 1024 * 1024;

/** Comes before every message. */
const before = { createdAt: -1, id: "" } as const;

/** The accepted messages. */
export function postgresMessages(
  { glance, write, writeSwiftly, requireOpen }: Transactions,
  { statements, hints }: { readonly statements: Statements; readonly hints: Hints | null },
): MessageStore<PostgresTransaction> {
  /** The one statement that inserts them. */
  const insertion = (messages: readonly NewMessage[]) => {
    const [first] = messages;
    return messages.length === 1 && first !== undefined
      ? { statement: statements.insertOne, values: valuesOf(first) }
      : { statement: statements.insert, values: newMessages.values(messages) };
  };

  return {
    insert: async ({ messages, tx, keyWaitMs }) => {
      requireOpen();
      const join = tx === undefined ? null : joinTransaction(tx);
      if (messages.length === 0) return [];
      const distinct = distinctKeys(messages);
      if (join !== null) {
        const { statement, values } = insertion(distinct);
        const outcomes = outcomesOf(messages, await join(statement, values));
        hints?.giveLater(messages);
        return outcomes;
      }
      if (messages.every(({ idempotencyKey }) => idempotencyKey === null)) {
        await writeSwiftly((session) => session.last(statements.insertUnkeyed, newMessages.values(messages)));
        hints?.give(messages);
        return messages.map(() => ({ outcome: "inserted" }));
      }
      const rows = await write((session) => session.all(statements.insert, newMessages.values(distinct)), {
        lockWaitMs: keyWaitMs,
      });
      hints?.give(messages);
      return outcomesOf(messages, rows);
    },

    statement: (message) => ({ sql: statements.insertOne.sql, parameters: valuesOf(message) }),

    awaitingFanOut: async ({ partitions, limit, after }) => {
      const from = partitions.map((partition) => {
        const { createdAt, id } = after?.get(partition) ?? before;
        return { partition, createdAt, id };
      });
      return await glance(({ all }) => all(statements.awaiting, [...waitingFrom.values(from), limit, maxBodyBytes]));
    },

    onInserted: hints?.listen,
  };
}
