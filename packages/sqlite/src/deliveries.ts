import type { DeliveryStore } from "@outhook/core";
import { setImmediate as nextTurn } from "node:timers/promises";
import { claim, isAnyReady } from "./claim.ts";
import type { Connection } from "./connection.ts";
import { fanOut } from "./fan-out.ts";
import { cancel, hold, nextDueInMs, pace } from "./queue.ts";
import { settle } from "./settle.ts";
import * as statements from "./statements.ts";

/** Deliveries that one transaction cancels, at most. */
const cancelStep = 64;

/** The queue. */
export function sqliteDeliveries(connection: Connection, clock: () => number): DeliveryStore {
  return {
    fanOut: async ({ messages, leaseMs, now = clock() }) =>
      await connection.write((session) => fanOut(session, messages, { leaseMs, now })),

    claim: async ({ now = clock(), ...input }) => {
      if (!(await connection.read((session) => isAnyReady(session, input, now)))) return [];
      return await connection.write((session) => claim(session, input, now));
    },

    settle: async ({ settlements, now = clock() }) =>
      await connection.write((session) => settle(session, settlements, now)),

    hold: async ({ now = clock(), ...input }) => await connection.write((session) => hold(session, input, now)),

    pace: async (input) => await connection.write((session) => pace(session, input)),

    forgetFailures: async ({ endpointId }) => {
      await connection.write((session) => session.run(statements.forgetFailures, endpointId));
    },

    cancel: async ({ partitions, endpointId, limit, now = clock() }) => {
      let cancelled = 0;
      for (const partition of partitions) {
        for (;;) {
          const most = Math.min(limit - cancelled, cancelStep);
          const step = await connection.write((session) => cancel(session, { partition, endpointId }, { most, now }));
          cancelled += step;
          if (step < most || cancelled === limit) break;
          await nextTurn();
        }
      }
      return cancelled;
    },

    nextDueInMs: async ({ partitions, now = clock() }) =>
      await connection.read((session) => nextDueInMs(session, partitions, now)),
  };
}
