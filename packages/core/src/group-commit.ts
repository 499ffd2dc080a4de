import type { InsertOutcome, NewMessage } from "./store/messages.ts";

/** Coalesces concurrent sends into few inserts. Each promise resolves when its own row is durable. */
export type GroupCommit = {
  readonly add: (message: NewMessage) => Promise<InsertOutcome>;
};

const maxRows = 96;
/** Characters of bodies in one insert, so that large bodies do not make one long transaction. */
const maxBodyLength = 1024 * 1024;

type Waiting = {
  readonly message: NewMessage;
  readonly resolve: (outcome: InsertOutcome) => void;
  readonly reject: (error: unknown) => void;
};

export function createGroupCommit(
  insert: (messages: readonly NewMessage[]) => Promise<readonly InsertOutcome[]>,
): GroupCommit {
  let waiting: Waiting[] = [];
  let flushing = false;

  const flush = async (): Promise<void> => {
    while (waiting.length > 0) await write(takeBatch());
    flushing = false;
  };

  const write = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      const outcomes = await insert(batch.map(({ message }) => message));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const outcome = outcomes[index];
        if (outcome === undefined) reject(new Error("the store answered for fewer messages than it was given"));
        else resolve(outcome);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };

  const takeBatch = (): readonly Waiting[] => {
    let length = 0;
    let rows = 0;
    for (const { message } of waiting) {
      if (rows === maxRows || (rows > 0 && length + message.body.length > maxBodyLength)) break;
      length += message.body.length;
      rows += 1;
    }
    const batch = waiting.slice(0, rows);
    waiting = waiting.slice(rows);
    return batch;
  };

  return {
    add: (message) =>
      new Promise((resolve, reject) => {
        waiting.push({ message, resolve, reject });
        if (flushing) return;
        flushing = true;
        // A macrotask, so that all sends of this turn of the event loop share one commit.
        setImmediate(() => void flush());
      }),
  };
}
