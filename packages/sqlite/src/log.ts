import type { LogStore } from "@outhook/core";
import type { Stepwise } from "@outhook/sql";
import type { Connection } from "./connection.ts";
import { redeliver } from "./redeliver.ts";
import type { Timed } from "./timed.ts";

/** The log, by the work that both databases share. */
export function sqliteLog({ read, write }: Connection, steps: Stepwise<Omit<LogStore, "redeliver">>): Timed<LogStore> {
  return {
    message: async (input) => await read(({ perform }) => perform(steps.message(input))),
    delivery: async (input) => await read(({ perform }) => perform(steps.delivery(input))),
    deliveries: async (input) => await read(({ perform }) => perform(steps.deliveries(input))),
    health: async (input) => await read(({ perform }) => perform(steps.health(input))),
    redeliver: async ({ now, ...input }) => await write((session) => redeliver(session, input, now)),
  };
}
