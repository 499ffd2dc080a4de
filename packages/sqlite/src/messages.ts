import type { InsertOutcome, Message, MessageStore, NewMessage } from "@outhook/core";
import type { Connection } from "./connection.ts";
import { firstAcross } from "./first-across.ts";
import { insertOne, outcomeOf, valuesOf } from "./insert.ts";
import type { Session } from "./session.ts";
import * as statements from "./statements.ts";

/** Characters of bodies that one call reads. */
const maxBodyLength = 2 * 1024 * 1024;

/** As the port has it, without what joins a transaction of the host. */
export type InnerMessages = {
  readonly insert: (input: { readonly messages: readonly NewMessage[] }) => Promise<readonly InsertOutcome[]>;
  readonly awaitingFanOut: MessageStore<never>["awaitingFanOut"];
};

/** The accepted messages. */
export function sqliteMessages({ read, write }: Connection): InnerMessages {
  return {
    insert: async ({ messages }) => await write((session) => messages.map((message) => record(session, message))),
    awaitingFanOut: async (input) => await read((session) => readWaiting(session, input)),
  };
}

function record(session: Session, message: NewMessage): InsertOutcome {
  if (message.idempotencyKey === null) {
    session.run(statements.insertMessage, ...valuesOf(message));
    return { outcome: "inserted" };
  }
  const row = session.get(insertOne, ...valuesOf(message));
  const [id, hash] = row ?? [message.id, message.payloadHash];
  return outcomeOf(message, { id, hash });
}

/** Comes before every message. */
const before = { createdAt: -1, id: "" } as const;

function readWaiting(
  session: Session,
  { partitions, limit, after }: Parameters<MessageStore<never>["awaitingFanOut"]>[0],
): readonly Message[] {
  const waiting = session.all(statements.partitionsWaiting, JSON.stringify(partitions));
  if (waiting.length === 0) return [];
  const first = firstAcross({
    partitions: waiting.map(([partition]) => partition),
    limit,
    read: (partition, count) => {
      const { createdAt, id } = after?.get(partition) ?? before;
      return session.all(statements.waiting, partition, createdAt, id, count);
    },
    compare: (a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1),
  });
  const messages: Message[] = [];
  let length = 0;
  for (const [createdAt, id, partition] of first) {
    const row = session.get(statements.message, partition, id);
    if (row === undefined) continue;
    const [tenant, type, body] = row;
    messages.push({ id, partition, tenant, type, body, createdAt });
    length += body.length;
    if (length >= maxBodyLength) break;
  }
  return messages;
}
