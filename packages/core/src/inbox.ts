import type { Message } from "./model.ts";
import type { MessageStore } from "./store/messages.ts";

/**
 * The messages that wait for fan-out, many of which are known before the store is asked: those that this process has just made
 * durable, and those behind what was found last, which are read while that is being fanned out.
 */
export type Inbox = Pick<MessageStore<never>, "awaitingFanOut"> & {
  /** To be called with each message that is durable. */
  readonly add: (message: Message) => void;
};

type Query = Parameters<Inbox["awaitingFanOut"]>[0];
type Place = Pick<Message, "id" | "createdAt">;

/** From the beginning is looked at least so often, for what was held or committed late, and was passed over. */
const lookEveryMs = 100;
/** Nobody has asked for so long: no dispatcher runs here. */
const askedWithinMs = 2_000;
const mostAdded = { messages: 1_024, bodyLength: 4 * 1024 * 1024 };
/** Messages that are read ahead. */
const aheadLimit = 256;

export function createInbox(input: {
  readonly messages: Pick<MessageStore<never>, "awaitingFanOut">;
  /** Milliseconds that never jump. */
  readonly monotonic: () => number;
}): Inbox {
  const { messages, monotonic } = input;
  const added = new Map<string, Message>();
  let bodyLength = 0;
  let askedAt = -Infinity;
  let lookedAt = -Infinity;
  let ahead: Message[] = [];
  /** Up to where each partition is read. */
  let readTo = new Map<number, Place>();
  let reading: Promise<void> | null = null;

  const forget = ({ id }: Message): void => {
    const known = added.get(id);
    if (known === undefined) return;
    added.delete(id);
    bodyLength -= known.body.length;
  };

  const note = (found: readonly Message[]): void => {
    for (const message of found) {
      forget(message);
      readTo.set(message.partition, message);
    }
  };

  /** While what was found is being fanned out. That more waits is likely when as many were found as were asked for. */
  const readAhead = (partitions: readonly number[]): void => {
    const after = readTo;
    const read = async (): Promise<void> => {
      const found = await messages.awaitingFanOut({ partitions, limit: aheadLimit, after });
      if (readTo !== after) return;
      note(found);
      ahead.push(...found);
      reading = null;
      if (found.length < aheadLimit) readTo = new Map();
    };
    // Whoever looks next meets what was in the way.
    reading = read().catch(() => undefined);
  };

  const look = async (query: Query): Promise<readonly Message[]> => {
    lookedAt = monotonic();
    ahead = [];
    readTo = new Map();
    reading = null;
    const found = await messages.awaitingFanOut(query);
    note(found);
    if (found.length === query.limit) readAhead(query.partitions);
    else readTo = new Map();
    return found;
  };

  /** Those in other partitions are left to other dispatchers. */
  const take = ({ partitions, limit }: Query): readonly Message[] => {
    const own = new Set(partitions);
    const taken = ahead.splice(0, limit).filter(({ partition }) => own.has(partition));
    for (const message of added.values()) {
      if (taken.length === limit) break;
      forget(message);
      if (own.has(message.partition)) taken.push(message);
    }
    return taken;
  };

  return {
    add: (message) => {
      if (monotonic() - askedAt > askedWithinMs) return;
      if (added.size === mostAdded.messages || bodyLength + message.body.length > mostAdded.bodyLength) return;
      added.set(message.id, message);
      bodyLength += message.body.length;
    },
    awaitingFanOut: async (query) => {
      askedAt = monotonic();
      if ((query.after?.size ?? 0) > 0) return await messages.awaitingFanOut(query);
      if (askedAt - lookedAt >= lookEveryMs) return await look(query);
      if (ahead.length === 0 && reading !== null) await reading;
      const taken = take(query);
      if (taken.length === 0) return await look(query);
      if (readTo.size > 0 && reading === null && ahead.length < query.limit) readAhead(query.partitions);
      return taken;
    },
  };
}
