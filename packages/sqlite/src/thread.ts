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
  /** Throws `stopped` after `close`. */
  readonly requireOpen: () => void;
  /** Lets it answer what was asked before, and ends it. */
  readonly close: () => Promise<void>;
};

export function createThread(options: InnerOptions): Thread {
  let running: RunningThread | undefined;
  let closing: Promise<void> | undefined;

  const requireOpen = (): void => {
    if (closing !== undefined) throw closedStore(options.path);
  };

  const ask: Ask = async (group, method, input) => {
    requireOpen();
    if (running === undefined || running.hasEnded()) running = startThread(options);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the method of this name returned it, over there
    return (await running.call(group, method, input)) as never;
  };

  const end = async (): Promise<void> => {
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

  return { ask, requireOpen, close: () => (closing ??= end()) };
}
