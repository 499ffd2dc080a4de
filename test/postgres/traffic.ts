import type { Receiver } from "@outhook/testkit";
import { startReceiver } from "@outhook/testkit";
import { setTimeout as pause } from "node:timers/promises";

/** What a receiver sees of dispatchers, by the name that each gives as its `user-agent`. */
export type Traffic = {
  readonly receiver: Receiver;
  /** Different messages that came. */
  readonly messages: () => number;
  /** Requests of one dispatcher. */
  readonly requestsOf: (name: string) => number;
  /** Requests of one dispatcher that are not answered yet. */
  readonly openOf: (name: string) => number;
  /** From now on answers come fast. */
  readonly hurry: () => void;
};

/** Starts a receiver that answers slowly enough that requests are open at any time. */
export async function startTraffic(random: () => number): Promise<Traffic> {
  const ids = new Set<string>();
  const requests = new Map<string, number>();
  const answers = new Map<string, number>();
  const count = (counts: Map<string, number>, name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);
  let slow = true;
  const receiver = await startReceiver({
    respond: async ({ headers: { "webhook-id": id = "none", "user-agent": name = "none" } }) => {
      ids.add(id);
      count(requests, name);
      await pause(slow ? 20 + random() * 100 : 2);
      count(answers, name);
      return { status: 200 };
    },
  });
  const requestsOf = (name: string): number => requests.get(name) ?? 0;
  return {
    receiver,
    messages: () => ids.size,
    requestsOf,
    openOf: (name) => requestsOf(name) - (answers.get(name) ?? 0),
    hurry: () => {
      slow = false;
    },
  };
}
