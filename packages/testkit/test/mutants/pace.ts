import type { Claim, Store } from "@outhook/core";
import type { Mutant } from "./mutant.ts";
import { faultyDeliveries } from "./mutant.ts";

const everywhere = [0, 1, 2, 3, 4, 5, 6, 7];

export const paceMutants: readonly Mutant[] = [
  {
    fault: "pace is ignored",
    caughtBy: [
      "pace/a claim takes no more than the pace, and the row then waits for as long as they take",
      "pace/a claim that takes less waits for less, rounded up to a millisecond",
      "pace/what waits for its pace is due when that is over",
      "pace/a claim says the pace of its row",
      "pace/the later of two paces counts",
      "pace/a pace is of its endpoint in the named partitions",
      "pace/each partition keeps count for itself",
      "pace/the manual lane is not paced",
      "pace/a paced endpoint is not leased at fan-out",
      "pace/two claimers together take no more than the pace",
      "pace/a longer hold stays",
    ],
    plant: (store) =>
      faultyDeliveries(store, { pace: (input) => store.deliveries.pace({ ...input, perSecond: null }) }),
  },
  {
    fault: "a pace once set stays",
    caughtBy: ["pace/a pace of null lets the row give any number", "pace/the later of two paces counts"],
    plant: (store) => {
      const paced = new Set<string>();
      return faultyDeliveries(store, {
        pace: async (input) => {
          if (!paced.has(input.endpointId)) await store.deliveries.pace(input);
          paced.add(input.endpointId);
        },
      });
    },
  },
  {
    fault: "a pace takes all partitions",
    caughtBy: ["pace/a pace is of its endpoint in the named partitions"],
    plant: (store) =>
      faultyDeliveries(store, { pace: (input) => store.deliveries.pace({ ...input, partitions: everywhere }) }),
  },
  {
    fault: "a paced row waits a whole second, however little was taken",
    caughtBy: ["pace/a claim that takes less waits for less, rounded up to a millisecond"],
    plant: (store) => afterPacedClaims(store, (claim, now) => holdOf(store, claim, now, 1_000)),
  },
  {
    fault: "a paced row waits for nothing",
    caughtBy: [
      "pace/a claim takes no more than the pace, and the row then waits for as long as they take",
      "pace/a claim that takes less waits for less, rounded up to a millisecond",
      "pace/what waits for its pace is due when that is over",
      "pace/each partition keeps count for itself",
    ],
    plant: (store) => afterPacedClaims(store, (claim, now) => holdOf(store, claim, now, 0)),
  },
  {
    fault: "a claim says no pace",
    caughtBy: ["pace/a claim says the pace of its row"],
    plant: (store) =>
      faultyDeliveries(store, {
        claim: async (input) => (await store.deliveries.claim(input)).map((claim) => ({ ...claim, pace: null })),
      }),
  },
  {
    fault: "the manual lane is paced too",
    caughtBy: ["pace/the manual lane is not paced"],
    plant: (store) => {
      const paced = new Map<string, number | null>();
      return faultyDeliveries(store, {
        pace: async (input) => {
          paced.set(input.endpointId, input.perSecond);
          await store.deliveries.pace(input);
        },
        claim: async (input) => {
          const claims = await store.deliveries.claim(input);
          return claims.filter(
            (claim, index) => claim.lane !== "manual" || index < (paced.get(claim.endpointId) ?? 99),
          );
        },
      });
    },
  },
  {
    fault: "a paced endpoint is leased at fan-out",
    caughtBy: ["pace/a paced endpoint is not leased at fan-out"],
    plant: (store) => {
      const paces: Parameters<Store["deliveries"]["pace"]>[0][] = [];
      return faultyDeliveries(store, {
        pace: async (input) => {
          paces.push(input);
          await store.deliveries.pace(input);
        },
        fanOut: async (input) => {
          for (const pace of paces) await store.deliveries.pace({ ...pace, perSecond: null });
          const result = await store.deliveries.fanOut(input);
          for (const pace of paces) await store.deliveries.pace(pace);
          return result;
        },
      });
    },
  },
];

/** Does something for each claim of a paced row. */
function afterPacedClaims(store: Store, act: (claim: Claim, now: number) => Promise<void>): Store {
  return faultyDeliveries(store, {
    claim: async (input) => {
      const claims = await store.deliveries.claim(input);
      for (const claim of claims) if (claim.pace !== null) await act(claim, input.now ?? 0);
      return claims;
    },
  });
}

function holdOf(store: Store, { partition, endpointId }: Claim, now: number, holdMs: number): Promise<void> {
  return store.deliveries.hold({ partitions: [partition], endpointId, holdMs, now });
}
