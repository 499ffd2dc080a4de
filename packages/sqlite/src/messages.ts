import type { InsertOutcome, Message, MessageStore, NewMessage } from "@outhook/core";
import type { Connection } from "./connection.ts";
import { insertOneSql, outcomeOf, valuesOf } from "./insert.ts";
import type { Session } from "./session.ts";
import { statements } from "./statements.ts";
import { insertInto, requireTransaction } from "./transaction.ts";
import type { SqliteTransaction } from "./transaction.ts";
import { firstAcross } from "./first-across.ts";

/** Characters of bodies that one call reads. */
const maxBodyLength = 2 * 1024 * 1024;

/** The accepted messages. */
export function sqliteMessages(connection: Connection): MessageStore<SqliteTransaction> {
  return {
    insert: async ({ messages, tx }) => {
      connection.requireOpen();
      if (tx !== undefined) return await insertInto(requireTransaction(tx), messages);
      if (messages.length === 0) return [];
      return await connection.write((session) => messages.map((message) => insertOne(session, message)));
    },

    statement: (message) => ({ sql: insertOneSql, parameters: valuesOf(message) }),

    awaitingFanOut: async ({ partitions, limit }) =>
      await connection.read((session) => readWaiting(session, partitions, limit)),
  };
}

function insertOne(session: Session, message: NewMessage): InsertOutcome {
  const row = session.get<readonly [id: string, hash: string | null]>(insertOneSql, ...valuesOf(message));
  const [id, hash] = row ?? [message.id, message.payloadHash];
  return outcomeOf(message, { id, hash });
}

type Waiting = readonly [createdAt: number, id: string, partition: number];

function readWaiting(session: Session, partitions: readonly number[], limit: number): readonly Message[] {
  const waiting = session.all<readonly [number]>(statements.partitionsWaiting, JSON.stringify(partitions));
  if (waiting.length === 0) return [];
  const first = firstAcross<Waiting>({
    partitions: waiting.map(([partition]) => partition),
    limit,
    read: (partition, count) => session.all<Waiting>(statements.waiting, partition, count),
    compare: (a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1),
  });
  const messages: Message[] = [];
  let length = 0;
  for (const [createdAt, id, partition] of first) {
    const row = session.get<readonly [tenant: string, type: string, body: string]>(statements.message, partition, id);
    if (row === undefined) continue;
    const [tenant, type, body] = row;
    messages.push({ id, partition, tenant, type, body, createdAt });
    length += body.length;
    if (length >= maxBodyLength) break;
  }
  return messages;
}
