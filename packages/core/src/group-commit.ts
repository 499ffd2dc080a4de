import { OuthookError } from "./errors.ts";
import type { Choice, WaitingSend } from "./send-lane.ts";
import { createSendLane } from "./send-lane.ts";
import type { InsertOutcome, NewMessage } from "./store/messages.ts";

/**
 * Coalesces concurrent sends into few inserts. Each promise resolves when its own row is durable.
 *
 * A transaction of the host may hold an idempotency key, for as long as it likes. So sends with a key have a lane of their own,
 * which waits only shortly for one: a batch that meets it goes on in a third lane key by key, where only those with that key
 * wait for the host.
 */
export type GroupCommit = {
  /** Rejects with `backpressure` when too much waits already, and with what the insert throws. */
  readonly add: (message: NewMessage) => Promise<InsertOutcome>;
};

const maxRows = 256;
/** Characters of bodies in one insert, so that large bodies do not make one long transaction. */
const maxBodyLength = 1024 * 1024;
/** Characters of bodies that may wait in all, so that a few thousand large ones do not take the memory of the process. */
const maxWaitingLength = 64 * 1024 * 1024;
/** How long a batch waits for a key that is held: many times what a commit takes that holds one for no longer than it must. */
const keyWaitMs = 100;
/** Keys that are held and waited for at the same time, each on a connection. */
const keysAtOnce = 4;

export function createGroupCommit(
  insert: (
    messages: readonly NewMessage[],
    options: { readonly keyWaitMs?: number | undefined },
  ) => Promise<readonly InsertOutcome[]>,
  options: {
    /** How many sends may wait for their commit. */
    readonly maxWaiting: number;
    /** Milliseconds that never jump. */
    readonly monotonic: () => number;
  },
): GroupCommit {
  const { maxWaiting, monotonic } = options;
  /** Of all that is neither durable nor refused, what is being written included. */
  let count = 0;
  let length = 0;

  const onEnd = (some: readonly WaitingSend[]): void => {
    count -= some.length;
    for (const { message } of some) length -= message.body.length;
  };

  const patient = (messages: readonly NewMessage[]): Promise<readonly InsertOutcome[]> => insert(messages, {});
  const hasty = (messages: readonly NewMessage[]): Promise<readonly InsertOutcome[]> => insert(messages, { keyWaitMs });
  const common = { onEnd, monotonic };
  const unkeyed = createSendLane({ ...common, insert: patient, atOnce: 1, choose: nextBatch, onLocked: null });
  const byKey = createSendLane({ ...common, insert: patient, atOnce: keysAtOnce, choose: nextKey, onLocked: null });
  const keyed = createSendLane({ ...common, insert: hasty, atOnce: 1, choose: nextBatch, onLocked: byKey });

  return {
    add: (message) =>
      new Promise((resolve, reject) => {
        const isFull = count >= maxWaiting || (count > 0 && length + message.body.length > maxWaitingLength);
        if (isFull) {
          reject(refusal({ count, length, maxWaiting }));
          return;
        }
        count += 1;
        length += message.body.length;
        const lane = message.idempotencyKey === null ? unkeyed : keyed;
        lane.add([{ message, since: monotonic(), resolve, reject }]);
      }),
  };
}

/** The first ones, as many as go into one insert. */
function nextBatch(waiting: readonly WaitingSend[]): Choice {
  let batchLength = 0;
  let rows = 0;
  for (const { message } of waiting) {
    if (rows === maxRows || (rows > 0 && batchLength + message.body.length > maxBodyLength)) break;
    batchLength += message.body.length;
    rows += 1;
  }
  return { batch: waiting.slice(0, rows), rest: waiting.slice(rows) };
}

/** Those of the first key that is not being written. */
function nextKey(waiting: readonly WaitingSend[], writing: readonly WaitingSend[]): Choice {
  const taken = new Set(writing.map(keyOf));
  const key = waiting.map(keyOf).find((one) => !taken.has(one));
  const { batch } = nextBatch(waiting.filter((one) => keyOf(one) === key));
  const chosen = new Set(batch);
  return { batch, rest: waiting.filter((one) => !chosen.has(one)) };
}

function keyOf({ message }: WaitingSend): string {
  return JSON.stringify([message.tenant, message.idempotencyKey]);
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
