import type { LogStore } from "@outhook/core";
import type { Steps, Stepwise } from "@outhook/sql";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Connection } from "./connection.ts";
import { redeliver } from "./redeliver.ts";

/** The log, by the work that both databases share. */
export function sqliteLog(
  connection: Connection,
  { steps, clock }: { readonly steps: Stepwise<Omit<LogStore, "redeliver">>; readonly clock: () => number },
): LogStore {
  const { read, write } = connection;
  return {
    message: async (input) => await read(({ perform }) => perform(steps.message(input))),
    delivery: async (input) => await read(({ perform }) => perform(steps.delivery(input))),
    deliveries: async (input) => await performApart(connection, steps.deliveries(input)),
    health: async (input) => await read(({ perform }) => perform(steps.health(input))),
    redeliver: async ({ now = clock(), ...input }) => await write((session) => redeliver(session, input, now)),
  };
}

/** Runs each statement in a turn of the event loop of its own. */
async function performApart<Result>({ read }: Connection, steps: Steps<Result>): Promise<Result> {
  let step = steps.next([]);
  for (let first = true; step.done !== true; first = false) {
    if (!first) await nextTurn();
    const query = step.value;
    step = steps.next(await read(({ execute }) => execute(query)));
  }
  return step.value;
}
