import type { Claim } from "@outhook/core";
import type { Mutant } from "./mutant.ts";
import { faultyDeliveries, faultyLog } from "./mutant.ts";

const everywhere = [0, 1, 2, 3, 4, 5, 6, 7];

export const claimMutants: readonly Mutant[] = [
  {
    fault: "claim ignores room",
    caughtBy: [
      "claim/room stands in for perEndpoint where it names the endpoint",
      "claim/an endpoint without room is left out and keeps its turn",
    ],
    plant: (store) =>
      faultyDeliveries(store, { claim: (input) => store.deliveries.claim({ ...input, room: new Map() }) }),
  },
  {
    fault: "room never exceeds perEndpoint",
    caughtBy: ["claim/room stands in for perEndpoint where it names the endpoint"],
    plant: (store) =>
      faultyDeliveries(store, {
        claim: (input) => {
          const room = [...input.room].map(([id, most]) => [id, Math.min(most, input.perEndpoint)] as const);
          return store.deliveries.claim({ ...input, room: new Map(room) });
        },
      }),
  },
  {
    fault: "claim ignores perEndpoint",
    caughtBy: [
      "claim/of one endpoint it takes what is due first",
      "claim/it takes no more than perEndpoint of each",
      "claim/room stands in for perEndpoint where it names the endpoint",
      "claim/the bound of an endpoint counts its lanes and partitions together",
    ],
    plant: (store) =>
      faultyDeliveries(store, { claim: (input) => store.deliveries.claim({ ...input, perEndpoint: input.limit }) }),
  },
  {
    fault: "perEndpoint bounds each partition by itself",
    caughtBy: ["claim/the bound of an endpoint counts its lanes and partitions together"],
    plant: (store) =>
      faultyDeliveries(store, {
        claim: async (input) => {
          const claims: Claim[] = [];
          for (const partition of input.partitions) {
            const limit = input.limit - claims.length;
            claims.push(...(await store.deliveries.claim({ ...input, partitions: [partition], limit })));
          }
          return claims;
        },
      }),
  },
  {
    fault: "claim ignores the limit",
    caughtBy: [
      "claim/it takes no more than the limit",
      "claim/an endpoint without room is left out and keeps its turn",
      "claim/endpoints take turns",
    ],
    plant: (store) => faultyDeliveries(store, { claim: (input) => store.deliveries.claim({ ...input, limit: 1_000 }) }),
  },
  {
    fault: "claim takes from all partitions",
    caughtBy: ["claim/it takes from the named partitions only"],
    plant: (store) =>
      faultyDeliveries(store, { claim: (input) => store.deliveries.claim({ ...input, partitions: everywhere }) }),
  },
  {
    fault: "claim takes endpoints in the order of their ids",
    caughtBy: ["claim/endpoints take turns", "claim/an endpoint with a backlog does not keep a newer one waiting"],
    plant: (store) => {
      const known = new Set<string>();
      return faultyDeliveries(store, {
        fanOut: (input) => {
          for (const { deliveries } of input.messages) for (const { endpointId } of deliveries) known.add(endpointId);
          return store.deliveries.fanOut(input);
        },
        claim: async (input) => {
          const claims: Claim[] = [];
          for (const id of [...known].toSorted()) {
            const most = input.room.get(id) ?? input.perEndpoint;
            const room = new Map([...known].map((other) => [other, other === id ? most : 0]));
            const limit = input.limit - claims.length;
            claims.push(...(await store.deliveries.claim({ ...input, room, limit })));
          }
          return claims;
        },
      });
    },
  },
  {
    fault: "two claims at once get the same deliveries",
    caughtBy: ["claim/no delivery goes to two claimers"],
    plant: (store) => {
      let running: Promise<readonly Claim[]> | null = null;
      return faultyDeliveries(store, {
        claim: (input) => {
          running ??= store.deliveries.claim(input).finally(() => {
            running = null;
          });
          return running;
        },
      });
    },
  },
  {
    fault: "a lease ends a second early",
    caughtBy: [],
    plant: (store) =>
      faultyDeliveries(store, {
        claim: (input) => store.deliveries.claim({ ...input, leaseMs: input.leaseMs - 1_000 }),
      }),
  },
  {
    fault: "a lost attempt is not recorded",
    caughtBy: ["lease/a lapsed lease leaves a lost attempt in the log", "fan-out/a lease taken at fan-out lapses like any other"],
    plant: (store) =>
      faultyLog(store, {
        delivery: async (input) => {
          const found = await store.log.delivery(input);
          if (found === null) return null;
          return { ...found, attempts: found.attempts.filter(({ errorClass }) => errorClass !== "lost") };
        },
      }),
  },
  {
    fault: "a lost attempt is not counted",
    caughtBy: [],
    plant: claimed((claim) => ({
      ...claim,
      attempts: claim.attempts - (claim.lapsed ? 1 : 0),
    })),
  },
  {
    fault: "a lost attempt is not charged to the schedule",
    caughtBy: [],
    plant: claimed((claim) => {
      const { scheduledAttempts, lapsed } = claim;
      return { ...claim, scheduledAttempts: scheduledAttempts === null ? null : scheduledAttempts - (lapsed ? 1 : 0) };
    }),
  },
  {
    fault: "a lost redelivery is charged to a schedule",
    caughtBy: ["lease/a lost redelivery is not charged to a schedule"],
    plant: claimed((claim) => (claim.lapsed ? { ...claim, scheduledAttempts: claim.scheduledAttempts ?? 1 } : claim)),
  },
  {
    fault: "claims do not say that a lease lapsed",
    caughtBy: [],
    plant: claimed((claim) => ({ ...claim, lapsed: false })),
  },
];

function claimed(change: (claim: Claim) => Claim): Mutant["plant"] {
  return (store) =>
    faultyDeliveries(store, { claim: async (input) => (await store.deliveries.claim(input)).map(change) });
}
