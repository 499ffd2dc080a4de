import type { DeliveryStore } from "@outhook/core";
import { claim, fullOf } from "./claim.ts";
import type { Clock } from "./clock.ts";
import { timeIn } from "./clock.ts";
import { fanOut } from "./fan-out.ts";
import { settle } from "./settle.ts";
import type { Statements } from "./statements.ts";
import type { Transactions } from "./transactions.ts";

/** The queue. */
export function postgresDeliveries(
  { glance, read, write, writeSwiftly }: Transactions,
  { statements, clock }: { readonly statements: Statements; readonly clock: Clock },
): DeliveryStore {
  return {
    fanOut: async ({ now, ...input }) =>
      await writeSwiftly((session) => fanOut(session, statements, { ...input, now: now ?? clock?.() ?? null })),

    claim: async ({ now, ...input }) => {
      const { partitions, room } = input;
      const ready = [partitions, now ?? clock?.() ?? null, fullOf(room)];
      for (;;) {
        if ((await glance(({ all }) => all(statements.isAnyReady, ready))).length === 0) return [];
        const claims = await write((session) =>
          claim(session, statements, { input, now: timeIn(session, clock, now) }),
        );
        if (claims !== null) return claims;
      }
    },

    settle: async ({ now, settlements }) =>
      await writeSwiftly((session) => settle(session, statements, { settlements, now: now ?? clock?.() ?? null })),

    hold: async ({ partitions, endpointId, holdMs, now }) => {
      const statement = holdMs === 0 ? statements.endHold : statements.hold;
      await write((session) => {
        const until = timeIn(session, clock, now) + holdMs;
        return session.all(statement, [partitions, endpointId, until]);
      });
    },

    pace: async ({ partitions, endpointId, perSecond }) => {
      await write((session) => session.all(statements.pace, [partitions, endpointId, perSecond]));
    },

    forgetFailures: async ({ endpointId }) => {
      await write((session) => session.all(statements.forgetFailures, [endpointId]));
    },

    cancel: async ({ partitions, endpointId, limit, now }) => {
      // Of those it found, others may have finished some before it got hold of them.
      for (let cancelled = 0; ;) {
        const most = limit - cancelled;
        const [step] = await write((session) =>
          session.all(statements.cancel, [partitions, endpointId, most, timeIn(session, clock, now)]),
        );
        cancelled += step?.cancelled ?? 0;
        if (cancelled === limit || step?.found !== most) return cancelled;
      }
    },

    nextDueInMs: async ({ partitions, now }) =>
      await read(async (session) => {
        const at = timeIn(session, clock, now);
        const [next] = await session.all(statements.nextDue, [partitions, at]);
        return next?.readyAt == null ? null : Math.max(next.readyAt - at, 0);
      }),
  };
}
