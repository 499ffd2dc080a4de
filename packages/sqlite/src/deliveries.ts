import type { DeliveryStore } from "@outhook/core";
import { claim, isAnyReady } from "./claim.ts";
import type { Connection } from "./connection.ts";
import { fanOut } from "./fan-out.ts";
import { cancel, hold, nextDueInMs, pace } from "./queue.ts";
import { settle } from "./settle.ts";
import * as statements from "./statements.ts";
import type { Timed } from "./timed.ts";

/** Deliveries that one transaction cancels, at most, so that others get their turn in between. */
const cancelStep = 512;

/** The queue. */
export function sqliteDeliveries({ read, write }: Connection): Timed<DeliveryStore> {
  return {
    fanOut: async ({ messages, ...at }) => await write((session) => fanOut(session, messages, at)),

    claim: async ({ now, ...input }) => {
      if (!(await read((session) => isAnyReady(session, input, now)))) return [];
      return await write((session) => claim(session, input, now));
    },

    settle: async ({ settlements, now }) => await write((session) => settle(session, settlements, now)),

    hold: async ({ now, ...input }) => await write((session) => hold(session, input, now)),

    pace: async (input) => await write((session) => pace(session, input)),

    forgetFailures: async ({ endpointId }) => {
      await write((session) => session.run(statements.forgetFailures, endpointId));
    },

    cancel: async ({ partitions, endpointId, limit, now }) => {
      let cancelled = 0;
      for (const partition of partitions) {
        for (;;) {
          const most = Math.min(limit - cancelled, cancelStep);
          const step = await write((session) => cancel(session, { partition, endpointId }, { most, now }));
          cancelled += step;
          if (step < most || cancelled === limit) break;
        }
      }
      return cancelled;
    },

    nextDueInMs: async ({ partitions, now }) => await read((session) => nextDueInMs(session, partitions, now)),
  };
}
