import type { EndpointHealth, SettleResult, Settlement } from "@outhook/core";
import type { Mutant } from "./mutant.ts";
import { faultyDeliveries } from "./mutant.ts";

export const settlementMutants: readonly Mutant[] = [
  {
    fault: "settle ignores the fence",
    caughtBy: [],
    plant: (store) => {
      const fences = new Map<string, number>();
      return faultyDeliveries(store, {
        fanOut: async (input) => {
          const result = await store.deliveries.fanOut(input);
          for (const id of result.leased) fences.set(id, 1);
          return result;
        },
        claim: async (input) => {
          const claims = await store.deliveries.claim(input);
          for (const { deliveryId, fence } of claims) fences.set(deliveryId, fence);
          return claims;
        },
        settle: (input) => {
          const settlements = input.settlements.map((one) => ({ ...one, fence: fences.get(one.deliveryId) ?? 0 }));
          return store.deliveries.settle({ ...input, settlements });
        },
      });
    },
  },
  {
    fault: "a claim that was released or retried settles again",
    caughtBy: ["settle/a claim that was retried or released does not settle again"],
    plant: (store) => {
      const open = new Set<string>();
      return faultyDeliveries(store, {
        settle: async (input) => {
          const { results, health } = await store.deliveries.settle(input);
          const lied = results.map((result, index): SettleResult => {
            const settlement = input.settlements[index];
            const claim = `${settlement?.deliveryId} ${settlement?.fence}`;
            if (open.has(claim)) return "settled";
            if (settlement !== undefined && "delayMs" in settlement.next && result === "settled") open.add(claim);
            return result;
          });
          return { results: lied, health };
        },
      });
    },
  },
  {
    fault: "a refused settlement stops the rest of its batch",
    caughtBy: ["settle/a refused settlement in a batch does not stop the others"],
    plant: (store) =>
      faultyDeliveries(store, {
        settle: async ({ settlements, now }) => {
          const results: SettleResult[] = [];
          const failing = new Map<string, EndpointHealth>();
          for (const settlement of settlements) {
            const fence = results.includes("lease_lost") ? -1 : settlement.fence;
            const one = await store.deliveries.settle({ settlements: [{ ...settlement, fence }], now });
            results.push(...one.results);
            for (const health of one.health) failing.set(health.endpointId, health);
          }
          return { results, health: [...failing.values()] };
        },
      }),
  },
  {
    fault: "a batch is settled from its end",
    caughtBy: ["health/a batch counts in its order"],
    plant: (store) =>
      faultyDeliveries(store, {
        settle: async ({ settlements, now }) => {
          const { results, health } = await store.deliveries.settle({ settlements: settlements.toReversed(), now });
          return { results: results.toReversed(), health };
        },
      }),
  },
  {
    fault: "a settlement of another partition passes",
    caughtBy: ["settle/a settlement of an unknown delivery or of another partition is refused"],
    plant: (store) => {
      const partitions = new Map<string, number>();
      return faultyDeliveries(store, {
        fanOut: (input) => {
          for (const { partition, deliveries } of input.messages) {
            for (const { id } of deliveries) partitions.set(id, partition);
          }
          return store.deliveries.fanOut(input);
        },
        settle: ({ settlements, now }) =>
          store.deliveries.settle({
            settlements: settlements.map((one) => ({ ...one, partition: partitions.get(one.deliveryId) ?? 0 })),
            now,
          }),
      });
    },
  },
  {
    fault: "what is retried stays in its lane",
    caughtBy: ["settle/what is retried goes to the scheduled lane"],
    plant: settled((settlement) =>
      settlement.next.status === "pending"
        ? { ...settlement, next: { ...settlement.next, status: "released" } }
        : settlement,
    ),
  },
  {
    fault: "what is released goes to the scheduled lane",
    caughtBy: ["settle/what is released stays in its lane"],
    plant: settled((settlement) =>
      settlement.next.status === "released"
        ? { ...settlement, next: { ...settlement.next, status: "pending" } }
        : settlement,
    ),
  },
  {
    fault: "every attempt is charged to the schedule",
    caughtBy: ["settle/the schedule is charged what the settlement says"],
    plant: settled((settlement) => {
      const { attempt, scheduledAttempts } = settlement;
      return attempt === null || scheduledAttempts === null
        ? settlement
        : { ...settlement, scheduledAttempts: attempt.number };
    }),
  },
  {
    fault: "a settlement holds nothing back",
    caughtBy: [
      "hold/a settlement can hold its endpoint back",
      "hold/a hold by a settlement of the manual lane holds the scheduled one",
    ],
    plant: settled((settlement) => ({ ...settlement, holdMs: null })),
  },
  {
    fault: "a settlement that does not count counts as a failure",
    caughtBy: [],
    plant: settled((settlement) => ({ ...settlement, health: settlement.health ?? "failure" })),
  },
  {
    fault: "an exhausted schedule is only a failure",
    caughtBy: [],
    plant: settled((settlement) => ({
      ...settlement,
      health: settlement.health === "exhausted" ? "failure" : settlement.health,
    })),
  },
];

function settled(change: (settlement: Settlement) => Settlement): Mutant["plant"] {
  return (store) =>
    faultyDeliveries(store, {
      settle: ({ settlements, now }) => store.deliveries.settle({ settlements: settlements.map(change), now }),
    });
}
