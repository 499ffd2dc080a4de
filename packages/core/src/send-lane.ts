import { isOuthookError, OuthookError } from "./errors.ts";
import type { InsertOutcome, NewMessage } from "./store/messages.ts";

/** A send that is neither durable nor refused. */
export type WaitingSend = {
  readonly message: NewMessage;
  /** By a clock that never jumps. */
  readonly since: number;
  readonly resolve: (outcome: InsertOutcome) => void;
  readonly reject: (error: unknown) => void;
};

/** What one insert writes, and what goes on waiting. */
export type Choice = { readonly batch: readonly WaitingSend[]; readonly rest: WaitingSend[] };

/** Sends that are written in turn, whatever other lanes wait for. */
export type SendLane = { readonly add: (sends: readonly WaitingSend[]) => void };

/** What has waited so long for its turn when an insert fails is refused with it, or each would wait for its own failure. */
const patienceMs = 5_000;
/** An insert that was told to wait only shortly for keys and was busy for longer met something else than a key. */
const longestForKeysMs = 2_000;

export function createSendLane(input: {
  readonly insert: (messages: readonly NewMessage[]) => Promise<readonly InsertOutcome[]>;
  /** Inserts at the same time. */
  readonly atOnce: number;
  /** The next batch, beside what is being written; an empty one when all have to wait. */
  readonly choose: (waiting: WaitingSend[], writing: readonly WaitingSend[]) => Choice;
  /** Where those go on whose insert met a lock and did not wait long for it; `null` refuses them. */
  readonly onLocked: SendLane | null;
  /** Called when sends are durable or refused, before their callers go on, who may send again at once. */
  readonly onEnd: (sends: readonly WaitingSend[]) => void;
  readonly monotonic: () => number;
}): SendLane {
  const { insert, atOnce, choose, onLocked, onEnd, monotonic } = input;
  let waiting: WaitingSend[] = [];
  let writing: readonly (readonly WaitingSend[])[] = [];
  let scheduled = false;

  const next = (): void => {
    while (writing.length < atOnce) {
      const { batch, rest } = choose(waiting, writing.flat());
      if (batch.length === 0) return;
      waiting = rest;
      writing = [...writing, batch];
      void seeThrough(batch);
    }
  };

  const seeThrough = async (batch: readonly WaitingSend[]): Promise<void> => {
    await write(batch);
    writing = writing.filter((one) => one !== batch);
    next();
  };

  const write = async (batch: readonly WaitingSend[]): Promise<void> => {
    const began = monotonic();
    try {
      const outcomes = await insert(batch.map(({ message }) => message));
      onEnd(batch);
      for (const [index, { resolve, reject }] of batch.entries()) {
        const outcome = outcomes[index];
        if (outcome === undefined) reject(new Error("the store answered for fewer messages than it was given"));
        else resolve(outcome);
      }
    } catch (error) {
      const isLocked = isOuthookError(error) && error.code === "store_busy" && monotonic() - began < longestForKeysMs;
      if (isLocked && onLocked !== null) {
        onLocked.add(batch);
        return;
      }
      onEnd(batch);
      for (const { reject } of batch) reject(error);
      if (isOuthookError(error) && error.code !== "internal") refuseTheTired(error);
    }
  };

  const refuseTheTired = (cause: OuthookError): void => {
    const until = monotonic() - patienceMs;
    const tired = waiting.filter(({ since }) => since <= until);
    waiting = waiting.filter(({ since }) => since > until);
    onEnd(tired);
    for (const { since, reject } of tired) reject(notWritten(cause, monotonic() - since));
  };

  return {
    add: (sends) => {
      waiting.push(...sends);
      if (scheduled || writing.length === atOnce) return;
      scheduled = true;
      // A macrotask, so that all sends of this turn of the event loop share one commit.
      setImmediate(() => {
        scheduled = false;
        next();
      });
    },
  };
}

/** Its own words, for of these it is known that nothing was written. */
function notWritten(cause: OuthookError, waitedMs: number): OuthookError {
  return new OuthookError(
    cause.code,
    `this send waited ${Math.round(waitedMs)} ms behind others that could not be written; nothing of it was written`,
    { hint: cause.message, cause },
  );
}
