import { isOuthookError, OuthookError } from "./errors.ts";
import type { InsertOutcome, NewMessage } from "./store/messages.ts";

/** Coalesces concurrent sends into few inserts. Each promise resolves when its own row is durable. */
export type GroupCommit = {
  /** Rejects with `backpressure` when too much waits already, and with what the insert throws. */
  readonly add: (message: NewMessage) => Promise<InsertOutcome>;
};

const maxRows = 96;
/** Characters of bodies in one insert, so that large bodies do not make one long transaction. */
const maxBodyLength = 1024 * 1024;
/** Characters of bodies that may wait in all, so that a few thousand large ones do not take the memory of the process. */
const maxWaitingLength = 64 * 1024 * 1024;
/** What has waited so long for its turn when an insert fails is refused with it, or each would wait for its own failure. */
const patienceMs = 5_000;

type Waiting = {
  readonly message: NewMessage;
  readonly since: number;
  readonly resolve: (outcome: InsertOutcome) => void;
  readonly reject: (error: unknown) => void;
};

export function createGroupCommit(
  insert: (messages: readonly NewMessage[]) => Promise<readonly InsertOutcome[]>,
  options: {
    /** How many sends may wait for their commit. */
    readonly maxWaiting: number;
    /** Milliseconds that never jump. */
    readonly monotonic: () => number;
  },
): GroupCommit {
  const { maxWaiting, monotonic } = options;
  let waiting: Waiting[] = [];
  /** Of all that is neither durable nor refused, what is being written included. */
  let count = 0;
  let length = 0;
  let flushing = false;

  const flush = async (): Promise<void> => {
    while (waiting.length > 0) await write(takeBatch());
    flushing = false;
  };

  const write = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      // Forgotten before their callers go on, who may send again at once.
      const outcomes = await insert(batch.map(({ message }) => message)).finally(() => forget(batch));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const outcome = outcomes[index];
        if (outcome === undefined) reject(new Error("the store answered for fewer messages than it was given"));
        else resolve(outcome);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
      if (isOuthookError(error) && error.code !== "internal") refuseTheTired(error);
    }
  };

  const takeBatch = (): readonly Waiting[] => {
    let batchLength = 0;
    let rows = 0;
    for (const { message } of waiting) {
      if (rows === maxRows || (rows > 0 && batchLength + message.body.length > maxBodyLength)) break;
      batchLength += message.body.length;
      rows += 1;
    }
    const batch = waiting.slice(0, rows);
    waiting = waiting.slice(rows);
    return batch;
  };

  const forget = (some: readonly Waiting[]): void => {
    count -= some.length;
    for (const { message } of some) length -= message.body.length;
  };

  const refuseTheTired = (cause: OuthookError): void => {
    const until = monotonic() - patienceMs;
    const tired = waiting.filter(({ since }) => since <= until);
    waiting = waiting.filter(({ since }) => since > until);
    forget(tired);
    for (const { since, reject } of tired) reject(notWritten(cause, monotonic() - since));
  };

  return {
    add: (message) =>
      new Promise((resolve, reject) => {
        const isFull = count >= maxWaiting || (count > 0 && length + message.body.length > maxWaitingLength);
        if (isFull) {
          reject(refusal({ count, length, maxWaiting }));
          return;
        }
        waiting.push({ message, since: monotonic(), resolve, reject });
        count += 1;
        length += message.body.length;
        if (flushing) return;
        flushing = true;
        // A macrotask, so that all sends of this turn of the event loop share one commit.
        setImmediate(() => void flush());
      }),
  };
}

function refusal(full: { readonly count: number; readonly length: number; readonly maxWaiting: number }): OuthookError {
  const { count, length, maxWaiting } = full;
  const what =
    count >= maxWaiting
      ? `${count} sends, the most allowed,`
      : `sends with bodies of ${Math.round(length / 1_048_576)} MiB, about the most allowed,`;
  return new OuthookError(
    "backpressure",
    `${what} wait in this process for the database already; nothing of this one was written: send it again later`,
    {
      hint:
        "look whether the database is away, locked or slow, and whether the app sends in a loop without awaiting; " +
        "limits.waitingSends raises how many may wait, and all that wait are lost when the process dies",
    },
  );
}

/** Its own words, for of these it is known that nothing was written. */
function notWritten(cause: OuthookError, waitedMs: number): OuthookError {
  return new OuthookError(
    cause.code,
    `this send waited ${Math.round(waitedMs)} ms behind others that could not be written; nothing of it was written`,
    { hint: cause.message, cause },
  );
}
