import type { Store } from "@outhook/core";
import type { Mutant } from "./mutant.ts";
import { faultyDeliveries } from "./mutant.ts";

export const holdMutants: readonly Mutant[] = [
  {
    fault: "hold is ignored",
    caughtBy: [
      "fan-out/a held endpoint is not leased",
      "hold/what waits and what comes is not claimed until the hold is over",
      "hold/a hold is of its endpoint in the named partitions",
      "hold/a shorter hold never shortens a longer one",
      "hold/a settlement's shorter hold never shortens a longer one",
      "hold/the manual lane passes a hold",
      "next-due/it is never later than a retry, the end of a lease or of a hold",
    ],
    plant: (store) => faultyDeliveries(store, { hold: (input) => store.deliveries.hold({ ...input, partitions: [] }) }),
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
    fault: "cancel leaves what is held",
    caughtBy: ["cancel/it takes both lanes and what waits behind a hold"],
    plant: (store) => {
      const held = heldEndpoints(store);
      return faultyDeliveries(store, {
        hold: held.hold,
        cancel: (input) => {
          const leaves = held.isHeld(input.endpointId, input.now ?? 0);
          return store.deliveries.cancel(leaves ? { ...input, limit: 0 } : input);
        },
      });
    },
  },
];

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
      await store.deliveries.hold(input);
      holds.set(input.endpointId, input);
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
