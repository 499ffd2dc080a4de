import type { EndpointHealth, SettleResult, Settlement } from "@outhook/core";
import type { Mutant } from "./mutant.ts";
import { faultyDeliveries, overlap } from "./mutant.ts";

export const settlementMutants: readonly Mutant[] = [
  {
    fault: "a lapsed lease does not settle",
    caughtBy: ["lease/a lapsed lease that nobody took over still settles"],
    plant: (store) => {
      const ends = new Map<string, number>();
      return faultyDeliveries(store, {
        claim: async (input) => {
          const claims = await store.deliveries.claim(input);
          for (const { deliveryId } of claims) ends.set(deliveryId, (input.now ?? 0) + input.leaseMs);
          return claims;
        },
        settle: ({ settlements, now }) => {
          const lapsed = (id: string): boolean => now !== undefined && now >= (ends.get(id) ?? Infinity);
          const refused = settlements.map((one) => (lapsed(one.deliveryId) ? { ...one, fence: -1 } : one));
          return store.deliveries.settle({ settlements: refused, now });
        },
      });
    },
  },
  {
    fault: "two settlements at once both say that they settled",
    caughtBy: ["settle/of two callers with one claim one settles"],
    plant: (store) => {
      const overlapping = overlap();
      return faultyDeliveries(store, {
        settle: (input) =>
          overlapping(async (overlaps) => {
            const { results, health } = await store.deliveries.settle(input);
            return { results: overlaps ? results.map(() => "settled" as const) : results, health };
          }),
      });
    },
  },
  {
    fault: "what was cancelled ends as failed",
    caughtBy: ["settle/what succeeded, failed or was cancelled is finished, with its attempt if there was one"],
    plant: settled((settlement) =>
      settlement.next.status === "cancelled" ? { ...settlement, next: { status: "failed" } } : settlement,
    ),
  },
  {
    fault: "responses are cut at 1 KiB",
    caughtBy: ["fidelity/an attempt reads back as it was written"],
    plant: settled((settlement) => {
      const { attempt } = settlement;
      const responseBody = attempt?.responseBody?.slice(0, 1_024) ?? null;
      return { ...settlement, attempt: attempt === null ? null : { ...attempt, responseBody } };
    }),
  },
  {
    fault: "failures are never forgotten",
    caughtBy: ["health/failures are forgotten on request, and only they"],
    plant: (store) =>
      faultyDeliveries(store, {
        forgetFailures: (input) => store.deliveries.forgetFailures({ ...input, endpointId: "another" }),
      }),
  },
  {
    fault: "health counts the deliveries of one partition",
    caughtBy: ["health/an endpoint has one health over all its partitions"],
    plant: (store) => {
      const counted = new Map<string, number>();
      return faultyDeliveries(store, {
        settle: ({ settlements, now }) => {
          const kept = settlements.map((settlement) => {
            const { endpointId, partition, health } = settlement;
            if (!counted.has(endpointId)) counted.set(endpointId, partition);
            return { ...settlement, health: counted.get(endpointId) === partition ? health : null };
          });
          return store.deliveries.settle({ settlements: kept, now });
        },
      });
    },
  },
  {
    fault: "settle ignores the fence",
    caughtBy: [
      "fan-out/a delivery is leased with fence 1 in the same step when that is asked for",
      "lease/a lease that was taken over does not settle and writes nothing",
      "settle/a refused settlement in a batch does not stop the others",
    ],
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
    plant: settlingAgain(({ next }) => "delayMs" in next),
  },
  {
    fault: "a claim that ended its delivery settles again",
    caughtBy: [
      "settle/a claim that ended its delivery does not settle again",
      "settle/of two callers with one claim one settles",
    ],
    plant: settlingAgain(({ next }) => !("delayMs" in next)),
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
      "pace/a longer hold stays",
    ],
    plant: settled((settlement) => ({ ...settlement, holdMs: null })),
  },
  {
    fault: "a settlement that does not count counts as a failure",
    caughtBy: [
      "health/a settlement that does not count leaves it",
      "health/settling returns the health of the endpoints it counted failures for",
    ],
    plant: settled((settlement) => ({ ...settlement, health: settlement.health ?? "failure" })),
  },
  {
    fault: "an exhausted schedule is only a failure",
    caughtBy: ["health/an exhausted schedule is a failure and counts by itself"],
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

/** Says "settled" again for claims whose first settlement was of this kind. */
function settlingAgain(ofKind: (settlement: Settlement) => boolean): Mutant["plant"] {
  return (store) => {
    const settledOnce = new Set<string>();
    return faultyDeliveries(store, {
      settle: async (input) => {
        const { results, health } = await store.deliveries.settle(input);
        const lied = input.settlements.map((settlement, index): SettleResult => {
          const claim = `${settlement.deliveryId} ${settlement.fence}`;
          if (settledOnce.has(claim)) return "settled";
          if (results[index] === "settled" && ofKind(settlement)) settledOnce.add(claim);
          return results[index] ?? "lease_lost";
        });
        return { results: lied, health };
      },
    });
  };
}
