import type { LogStore } from "@outhook/core";
import type { Stepwise } from "@outhook/sql";
import type { Clock } from "./clock.ts";
import { timeIn } from "./clock.ts";
import { redeliver } from "./redeliver.ts";
import type { Statements } from "./statements.ts";
import type { Transactions } from "./transactions.ts";

/** The log, by the work that both databases share. */
export function postgresLog(
  { glance, read, write }: Transactions,
  work: {
    readonly steps: Stepwise<Omit<LogStore, "redeliver">>;
    readonly statements: Statements;
    readonly clock: Clock;
  },
): LogStore {
  const { steps, statements, clock } = work;
  return {
    message: async (input) => await read(({ perform }) => perform(steps.message(input))),
    delivery: async (input) => await read(({ perform }) => perform(steps.delivery(input))),
    deliveries: async (input) => await glance(({ perform }) => perform(steps.deliveries(input))),
    health: async (input) => await glance(({ perform }) => perform(steps.health(input))),
    redeliver: async ({ now, ...input }) =>
      await write((session) => redeliver(session, statements, { input, now: timeIn(session, clock, now) })),
  };
}
