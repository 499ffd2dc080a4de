import type { Ask } from "./call.ts";
import { closedStore } from "./failures.ts";
import type { InnerOptions } from "./inner-store.ts";
import type { RunningThread } from "./running-thread.ts";
import { startThread } from "./running-thread.ts";

/**
 * The thread that holds the store's connection, so that no statement and no wait for the disk takes the event loop of the
 * host. Started by the first call, and by the next one after it broke down.
 */
export type Thread = {
  readonly ask: Ask;
  /**
   * Calls `listener` soon after messages were inserted, or another connection has written anything. Resolves when that is
   * watched, or when the thread did not start; then it is watched as soon as one does. The function that it resolves to ends it.
   */
  readonly onChange: (listener: () => void) => Promise<() => Promise<void>>;
  /** Throws `stopped` after `close`. */
  readonly requireOpen: () => void;
  /** Lets it answer what was asked before, and ends it. */
  readonly close: () => Promise<void>;
};

export function createThread(options: InnerOptions): Thread {
  let running: RunningThread | undefined;
  let closing: Promise<void> | undefined;
  const listeners = new Set<() => void>();

  const tellAll = (): void => {
    for (const listener of listeners) listener();
  };

  const started = (): RunningThread => {
    if (running !== undefined && !running.hasEnded()) return running;
    running = startThread(options, tellAll);
    if (listeners.size > 0) running.call("connection", "watch", undefined).catch(ignore);
    return running;
  };

  const requireOpen = (): void => {
    if (closing !== undefined) throw closedStore(options.path);
  };

  const ask: Ask = async (group, method, input) => {
    requireOpen();
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the method of this name returned it, over there
    return (await started().call(group, method, input)) as never;
  };

  const onChange: Thread["onChange"] = async (listener) => {
    requireOpen();
    // One of its own, so that who listens twice is called twice.
    const heard = (): void => listener();
    listeners.add(heard);
    if (listeners.size === 1) await ask("connection", "watch", undefined).catch(ignore);
    return async () => {
      if (!listeners.delete(heard) || listeners.size > 0 || closing !== undefined) return;
      await ask("connection", "endWatch", undefined).catch(ignore);
    };
  };

  const end = async (): Promise<void> => {
    listeners.clear();
    if (running === undefined || running.hasEnded()) return;
    let closed = false;
    try {
      await running.call("connection", "close", undefined);
      closed = true;
    } catch (error) {
      if (!running.hasEnded()) throw error;
    } finally {
      await running.end({ closed });
    }
  };

  return { ask, onChange, requireOpen, close: () => (closing ??= end()) };
}

/** The next call says what is wrong with the thread. */
function ignore(): void {}
