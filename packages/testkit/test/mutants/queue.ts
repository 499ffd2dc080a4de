import type { Store } from "@outhook/core";
import type { Mutant } from "./mutant.ts";
import { faultyDeliveries, faultyLog } from "./mutant.ts";

export const queueMutants: readonly Mutant[] = [
  {
    fault: "hold is ignored",
    caughtBy: [],
    plant: (store) => faultyDeliveries(store, { hold: async () => {} }),
  },
  {
    fault: "a hold replaces a longer one",
    caughtBy: ["hold/a shorter hold never shortens a longer one"],
    plant: (store) =>
      faultyDeliveries(store, {
        hold: async (input) => {
          await store.deliveries.hold({ ...input, holdMs: 0 });
          await store.deliveries.hold(input);
        },
      }),
  },
  {
    fault: "a hold of 0 holds on",
    caughtBy: ["hold/a hold of 0 ends any hold"],
    plant: (store) =>
      faultyDeliveries(store, {
        hold: async (input) => {
          if (input.holdMs > 0) await store.deliveries.hold(input);
        },
      }),
  },
  {
    fault: "a hold takes all partitions",
    caughtBy: ["hold/a hold is of its endpoint in the named partitions"],
    plant: (store) =>
      faultyDeliveries(store, {
        hold: (input) => store.deliveries.hold({ ...input, partitions: [0, 1, 2, 3, 4, 5, 6, 7] }),
      }),
  },
  {
    fault: "a hold holds the manual lane too",
    caughtBy: ["hold/the manual lane passes a hold"],
    plant: (store) => {
      const held = heldEndpoints(store);
      return faultyDeliveries(store, {
        hold: held.hold,
        claim: async (input) => {
          const claims = await store.deliveries.claim(input);
          return claims.filter(({ endpointId, lane }) => lane !== "manual" || !held.isHeld(endpointId, input.now ?? 0));
        },
      });
    },
  },
  {
    fault: "a held endpoint is leased at fan-out",
    caughtBy: ["fan-out/a held endpoint is not leased"],
    plant: (store) => {
      const held = heldEndpoints(store);
      return faultyDeliveries(store, {
        hold: held.hold,
        fanOut: async (input) => {
          const again = await held.lift();
          const result = await store.deliveries.fanOut(input);
          await again();
          return result;
        },
      });
    },
  },
  {
    fault: "fan-out takes no lease",
    caughtBy: [],
    plant: (store) =>
      faultyDeliveries(store, {
        fanOut: ({ messages, ...input }) =>
          store.deliveries.fanOut({
            ...input,
            messages: messages.map((message) => ({
              ...message,
              deliveries: message.deliveries.map((delivery) => ({ ...delivery, lease: false })),
            })),
          }),
      }),
  },
  {
    fault: "a second fan-out creates its deliveries again",
    caughtBy: [],
    plant: (store) => {
      const done = new Map<string, number>();
      return faultyDeliveries(store, {
        fanOut: async (input) => {
          const messages = [];
          for (const fanOut of input.messages) {
            const times = done.get(fanOut.messageId) ?? 0;
            done.set(fanOut.messageId, times + 1);
            const { tenant, type, partition } = fanOut;
            const id = `${fanOut.messageId}${"x".repeat(times)}`;
            const copy = { id, tenant, type, partition, body: "{}", createdAt: 0, idempotencyKey: null, payloadHash: null };
            if (times > 0) await store.messages.insert({ messages: [copy] });
            const deliveries = fanOut.deliveries.map((one) => ({ ...one, id: `${one.id}${"x".repeat(times)}` }));
            messages.push({ ...fanOut, messageId: id, deliveries });
          }
          return store.deliveries.fanOut({ ...input, messages });
        },
      });
    },
  },
  {
    fault: "a message that matched nothing waits for ever",
    caughtBy: ["fan-out/a message that matched nothing is marked as well"],
    plant: (store) =>
      faultyDeliveries(store, {
        fanOut: ({ messages, ...input }) =>
          store.deliveries.fanOut({ ...input, messages: messages.filter(({ deliveries }) => deliveries.length > 0) }),
      }),
  },
  {
    fault: "cancel ignores its limit",
    caughtBy: ["cancel/it cancels up to the limit and says how many"],
    plant: (store) => faultyDeliveries(store, { cancel: (input) => store.deliveries.cancel({ ...input, limit: 1_000 }) }),
  },
  {
    fault: "cancel takes all partitions",
    caughtBy: ["cancel/it leaves what is finished, other endpoints and other partitions"],
    plant: (store) =>
      faultyDeliveries(store, {
        cancel: (input) => store.deliveries.cancel({ ...input, partitions: [0, 1, 2, 3, 4, 5, 6, 7] }),
      }),
  },
  {
    fault: "the next due time is late",
    caughtBy: ["next-due/it is never later than a retry, the end of a lease or of a hold"],
    plant: (store) => faultyDeliveries(store, { nextDueInMs: nextDue(store, (ms) => (ms > 0 ? ms + 1 : ms)) }),
  },
  {
    fault: "the next due time is always now",
    caughtBy: [],
    plant: (store) => faultyDeliveries(store, { nextDueInMs: nextDue(store, () => 0) }),
  },
  {
    fault: "a delivery in flight is redelivered",
    caughtBy: ["redeliver/a delivery in flight is left alone"],
    plant: (store) =>
      faultyLog(store, {
        redeliver: async (input) => {
          const result = await store.log.redeliver(input);
          return result === "in_flight" ? "queued" : result;
        },
      }),
  },
  {
    fault: "a redelivery asked for twice happens later",
    caughtBy: ["redeliver/asked for twice it happens once"],
    plant: (store) => {
      const asked = new Map<string, number>();
      return faultyLog(store, {
        redeliver: (input) => {
          asked.set(input.id, input.now ?? 0);
          return store.log.redeliver(input);
        },
        delivery: async (input) => {
          const found = await store.log.delivery(input);
          const at = asked.get(input.id);
          if (found === null || at === undefined || found.delivery.nextAttemptAt === null) return found;
          return { ...found, delivery: { ...found.delivery, nextAttemptAt: at, updatedAt: at } };
        },
      });
    },
  },
];

type NextDue = Store["deliveries"]["nextDueInMs"];

function nextDue(store: Store, change: (ms: number) => number): NextDue {
  return async (input) => {
    const ms = await store.deliveries.nextDueInMs(input);
    return ms === null ? null : change(ms);
  };
}

/** Remembers holds, for faults about them. */
function heldEndpoints(store: Store): {
  readonly hold: Store["deliveries"]["hold"];
  readonly isHeld: (endpointId: string, now: number) => boolean;
  /** Ends all holds, and gives back a function that puts them on again. */
  readonly lift: () => Promise<() => Promise<void>>;
} {
  const holds = new Map<string, Parameters<Store["deliveries"]["hold"]>[0]>();
  return {
    hold: async (input) => {
      holds.set(input.endpointId, input);
      await store.deliveries.hold(input);
    },
    isHeld: (endpointId, now) => {
      const hold = holds.get(endpointId);
      return hold !== undefined && (hold.now ?? 0) + hold.holdMs > now;
    },
    lift: async () => {
      for (const hold of holds.values()) await store.deliveries.hold({ ...hold, holdMs: 0 });
      return async () => {
        for (const hold of holds.values()) await store.deliveries.hold(hold);
      };
    },
  };
}
