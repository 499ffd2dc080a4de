import type { Message } from "./model.ts";
import type { MessageStore } from "./store/messages.ts";

/**
 * The messages that wait for fan-out, those that this process has just made durable before all others: of them it knows
 * already what a look into the store would find.
 */
export type Fresh = Pick<MessageStore<never>, "awaitingFanOut"> & {
  /** To be called with each message that is durable. */
  readonly add: (message: Message) => void;
};

/** A look is made at least so often, for what other processes have sent and what was dropped here. */
const lookEveryMs = 50;
/** Nobody has asked for so long: no dispatcher runs here. */
const askedWithinMs = 2_000;
const most = { messages: 1_024, bodyLength: 4 * 1024 * 1024 };

export function createFresh(input: {
  readonly messages: Pick<MessageStore<never>, "awaitingFanOut">;
  /** Milliseconds that never jump. */
  readonly monotonic: () => number;
}): Fresh {
  const { messages, monotonic } = input;
  const known = new Map<string, Message>();
  let bodyLength = 0;
  let askedAt = -Infinity;
  let lookedAt = -Infinity;

  const drop = (message: Message): void => {
    if (known.delete(message.id)) bodyLength -= message.body.length;
  };

  /** What lies in other partitions is for other dispatchers. */
  const take = (partitions: ReadonlySet<number>, limit: number): readonly Message[] => {
    const taken: Message[] = [];
    for (const message of known.values()) {
      if (taken.length === limit) break;
      drop(message);
      if (partitions.has(message.partition)) taken.push(message);
    }
    return taken;
  };

  return {
    add: (message) => {
      if (monotonic() - askedAt > askedWithinMs) return;
      if (known.size === most.messages || bodyLength + message.body.length > most.bodyLength) return;
      known.set(message.id, message);
      bodyLength += message.body.length;
    },
    awaitingFanOut: async (query) => {
      askedAt = monotonic();
      const isFirst = (query.after?.size ?? 0) === 0;
      if (isFirst && askedAt - lookedAt < lookEveryMs) {
        const taken = take(new Set(query.partitions), query.limit);
        if (taken.length > 0) return taken;
      }
      lookedAt = askedAt;
      const found = await messages.awaitingFanOut(query);
      for (const message of found) drop(known.get(message.id) ?? message);
      return found;
    },
  };
}
