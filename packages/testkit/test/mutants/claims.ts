import type { Claim, Settlement } from "@outhook/core";
import type { Mutant } from "./mutant.ts";
import { faultyDeliveries, faultyLog } from "./mutant.ts";

const everywhere = [0, 1, 2, 3, 4, 5, 6, 7];

export const claimMutants: readonly Mutant[] = [
  {
    fault: "claim ignores room",
    caughtBy: [
      "claim/room stands in for perEndpoint where it names the endpoint",
      "claim/an endpoint without room is left out and keeps its turn",
      "claim/rows of endpoints without room do not hide others",
    ],
    plant: (store) =>
      faultyDeliveries(store, { claim: (input) => store.deliveries.claim({ ...input, room: new Map() }) }),
  },
  {
    fault: "claim looks at the first 16 rows, whether their endpoints have room or not",
    caughtBy: [
      "claim/rows of endpoints without room do not hide others",
      "claim/rows of endpoints whose room is taken do not hide others",
    ],
    plant: (store) => {
      const rows = new Map<string, string>();
      return faultyDeliveries(store, {
        fanOut: (input) => {
          for (const { partition, deliveries } of input.messages) {
            for (const { endpointId } of deliveries) rows.set(`${partition}:${endpointId}`, endpointId);
          }
          return store.deliveries.fanOut(input);
        },
        claim: (input) => {
          const endpointIds = [...rows.values()];
          const seen = new Set(endpointIds.slice(0, 16));
          const unseen = endpointIds.filter((id) => !seen.has(id)).map((id) => [id, 0] as const);
          return store.deliveries.claim({ ...input, room: new Map([...input.room, ...unseen]) });
        },
      });
    },
  },
  {
    fault: "what was served waits for the time of its turn",
    caughtBy: ["claim/what was served before the clock was set back does not wait for that time"],
    plant: (store) => {
      let servedAt = 0;
      return faultyDeliveries(store, {
        claim: async (input) => {
          if (input.now !== undefined && input.now < servedAt) return [];
          const claims = await store.deliveries.claim(input);
          if (claims.length > 0) servedAt = Math.max(servedAt, input.now ?? 0);
          return claims;
        },
      });
    },
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
      "claim/it takes no more than perEndpoint of each",
      "claim/rows of endpoints whose room is taken do not hide others",
      "claim/what was served before the clock was set back does not wait for that time",
      "claim/the bound of an endpoint counts its lanes and partitions together",
    ],
    plant: (store) =>
      faultyDeliveries(store, { claim: (input) => store.deliveries.claim({ ...input, perEndpoint: input.limit }) }),
  },
  {
    fault: "perEndpoint bounds each partition by itself",
    caughtBy: [
      "claim/rows of endpoints whose room is taken do not hide others",
      "claim/the bound of an endpoint counts its lanes and partitions together",
    ],
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
    caughtBy: ["claim/it takes no more than the limit"],
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
          if (known.size === 0) return store.deliveries.claim(input);
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
    caughtBy: ["claim/no delivery goes to two claimers", "pace/two claimers together take no more than the pace"],
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
    fault: "a lease ends a millisecond early",
    caughtBy: ["claim/a lease hides a delivery to its last millisecond"],
    plant: (store) =>
      faultyDeliveries(store, {
        claim: (input) => store.deliveries.claim({ ...input, leaseMs: input.leaseMs - 1 }),
      }),
  },
  {
    fault: "claim looks a millisecond ahead",
    caughtBy: [
      "claim/it takes what is due by now and not what comes later",
      "claim/a lease hides a delivery to its last millisecond",
      "settle/a retry is due its delay after the settling, not before",
      "settle/what is released comes back after its delay as if it had not been taken",
      "hold/what waits and what comes is not claimed until the hold is over",
      "pace/a claim takes no more than the pace, and the row then waits for as long as they take",
      "pace/a claim that takes less waits for less, rounded up to a millisecond",
      "pace/each partition keeps count for itself",
    ],
    plant: (store) =>
      faultyDeliveries(store, {
        claim: async (input) => {
          const claims = await store.deliveries.claim(input);
          if (claims.length > 0 || input.now === undefined) return claims;
          return store.deliveries.claim({ ...input, now: input.now + 1 });
        },
      }),
  },
  {
    fault: "of one endpoint the claim takes what is due last",
    caughtBy: ["claim/of one endpoint it takes what is due first"],
    plant: (store) => {
      const known = new Set<string>();
      return faultyDeliveries(store, {
        fanOut: (input) => {
          for (const { deliveries } of input.messages) for (const { endpointId } of deliveries) known.add(endpointId);
          return store.deliveries.fanOut(input);
        },
        claim: async (input) => {
          if (known.size !== 1) return store.deliveries.claim(input);
          const most = Math.min(input.limit, input.perEndpoint);
          const claims = await store.deliveries.claim({ ...input, limit: 1_000, perEndpoint: 1_000 });
          const settlements = claims
            .toReversed()
            .slice(most)
            .map((claim): Settlement => ({ ...claim, ...untouched, next: { status: "released", delayMs: 0 } }));
          await store.deliveries.settle({ settlements, now: input.now });
          return claims.toReversed().slice(0, most);
        },
      });
    },
  },
  {
    fault: "without now it is 1970",
    caughtBy: ["claim/without now the store's own clock decides"],
    plant: (store) =>
      faultyDeliveries(store, { claim: ({ now = 0, ...input }) => store.deliveries.claim({ ...input, now }) }),
  },
  {
    fault: "claims do not name their tenant",
    caughtBy: ["claim/a claim carries all that an attempt needs"],
    plant: claimed((claim) => ({ ...claim, tenant: "" })),
  },
  {
    fault: "fences start again with a redelivery",
    caughtBy: ["claim/the fence grows with every claim"],
    plant: (store) => {
      const fences = new Map<string, number>();
      return faultyDeliveries(store, {
        claim: async (input) => {
          const claims = await store.deliveries.claim(input);
          for (const { deliveryId, fence } of claims) fences.set(deliveryId, fence);
          return claims.map((claim) => (claim.lane === "manual" ? { ...claim, fence: 1 } : claim));
        },
        settle: ({ settlements, now }) =>
          store.deliveries.settle({
            settlements: settlements.map((one) =>
              one.lane === "manual" ? { ...one, fence: fences.get(one.deliveryId) ?? 0 } : one,
            ),
            now,
          }),
      });
    },
  },
  {
    fault: "what was released counts as lost",
    caughtBy: [
      "lease/a delivery that is given back or retried leaves no lost attempt",
      "settle/what is released comes back after its delay as if it had not been taken",
    ],
    plant: (store) => {
      const released = new Set<string>();
      return faultyDeliveries(store, {
        settle: (input) => {
          for (const { deliveryId, next } of input.settlements) {
            if (next.status === "released") released.add(deliveryId);
          }
          return store.deliveries.settle(input);
        },
        claim: async (input) =>
          (await store.deliveries.claim(input)).map((claim) =>
            released.delete(claim.deliveryId) ? { ...claim, attempts: claim.attempts + 1, lapsed: true } : claim,
          ),
      });
    },
  },
  {
    fault: "a lost attempt is not recorded",
    caughtBy: [
      "fan-out/a lease taken at fan-out lapses like any other",
      "lease/a lapsed lease leaves a lost attempt in the log",
      "redeliver/a lapsed lease is not in flight, and its attempt is still recorded as lost",
    ],
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
    caughtBy: ["lease/a claim after a lapsed lease says so and counts the lost attempt"],
    plant: claimed((claim) => ({ ...claim, attempts: claim.attempts - (claim.lapsed ? 1 : 0) })),
  },
  {
    fault: "a lost attempt is not charged to the schedule",
    caughtBy: ["lease/a claim after a lapsed lease says so and counts the lost attempt"],
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
    caughtBy: ["lease/a claim after a lapsed lease says so and counts the lost attempt"],
    plant: claimed((claim) => ({ ...claim, lapsed: false })),
  },
];

const untouched = { attempt: null, holdMs: null, health: null };

function claimed(change: (claim: Claim) => Claim): Mutant["plant"] {
  return (store) =>
    faultyDeliveries(store, { claim: async (input) => (await store.deliveries.claim(input)).map(change) });
}
