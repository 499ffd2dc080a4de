import type { Store } from "@outhook/core";
import type { Mutant } from "./mutant.ts";
import { faultyDeliveries, faultyLog, overlap } from "./mutant.ts";

export const queueMutants: readonly Mutant[] = [
  {
    fault: "fan-out takes no lease",
    caughtBy: [
      "fan-out/of two callers with one message one creates its deliveries",
      "fan-out/a delivery is leased with fence 1 in the same step when that is asked for",
      "fan-out/a lease taken at fan-out lapses like any other",
      "fan-out/a held endpoint is not leased",
      "pace/a paced endpoint is not leased at fan-out",
    ],
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
    caughtBy: [
      "fan-out/a second fan-out of a message changes nothing",
      "fan-out/what waits is fanned out beside what does not and what is unknown",
      "fan-out/of two callers with one message one creates its deliveries",
    ],
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
            const copy = {
              id,
              tenant,
              type,
              partition,
              body: "{}",
              createdAt: 0,
              idempotencyKey: null,
              payloadHash: null,
            };
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
    fault: "fan-out does not count what it skipped",
    caughtBy: [
      "fan-out/it creates a delivery for each match, due at once, and marks the message",
      "fan-out/what is skipped is neither leased nor claimed",
    ],
    plant: (store) =>
      faultyDeliveries(store, {
        fanOut: async (input) => {
          const { taken, created, leased } = await store.deliveries.fanOut(input);
          const skipped = input.messages.flatMap(({ deliveries }) =>
            deliveries.filter((one) => one.status === "skipped"),
          );
          return { taken, created: Math.max(created - skipped.length, 0), leased };
        },
      }),
  },
  {
    fault: "fan-out takes up all that it is given, as it says",
    caughtBy: [
      "fan-out/a second fan-out of a message changes nothing",
      "fan-out/what waits is fanned out beside what does not and what is unknown",
      "fan-out/of two callers with one message one creates its deliveries",
    ],
    plant: (store) =>
      faultyDeliveries(store, {
        fanOut: async (input) => ({ ...(await store.deliveries.fanOut(input)), taken: input.messages.length }),
      }),
  },
  {
    fault: "fan-out does not count messages that matched nothing",
    caughtBy: ["fan-out/a message that matched nothing is marked as well"],
    plant: (store) =>
      faultyDeliveries(store, {
        fanOut: async (input) => {
          const result = await store.deliveries.fanOut(input);
          return input.messages.some(({ deliveries }) => deliveries.length > 0) ? result : { ...result, taken: 0 };
        },
      }),
  },
  {
    fault: "what is cancelled still settles",
    caughtBy: ["cancel/a lease on what is cancelled is lost"],
    plant: (store) => {
      const cancelled = new Set<string>();
      return faultyDeliveries(store, {
        cancel: (input) => {
          cancelled.add(input.endpointId);
          return store.deliveries.cancel(input);
        },
        settle: async (input) => {
          const { results, health } = await store.deliveries.settle(input);
          const lied = results.map((result, index) =>
            cancelled.has(input.settlements[index]?.endpointId ?? "") ? "settled" : result,
          );
          return { results: lied, health };
        },
      });
    },
  },
  {
    fault: "cancel ignores its limit",
    caughtBy: ["cancel/it cancels up to the limit and says how many"],
    plant: (store) =>
      faultyDeliveries(store, { cancel: (input) => store.deliveries.cancel({ ...input, limit: 1_000 }) }),
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
    caughtBy: [
      "next-due/it is never later than a retry, the end of a lease or of a hold",
      "pace/what waits for its pace is due when that is over",
    ],
    plant: (store) => faultyDeliveries(store, { nextDueInMs: nextDue(store, (ms) => (ms > 0 ? ms + 1 : ms)) }),
  },
  {
    fault: "the next due time is always now",
    caughtBy: [
      "next-due/it is never later than a retry, the end of a lease or of a hold",
      "pace/what waits for its pace is due when that is over",
    ],
    plant: (store) => faultyDeliveries(store, { nextDueInMs: nextDue(store, () => 0) }),
  },
  {
    fault: "there is always a next due time",
    caughtBy: [
      "next-due/it is null when nothing is pending",
      "next-due/it is 0 when a claim of the named partitions would find something",
    ],
    plant: (store) =>
      faultyDeliveries(store, { nextDueInMs: async (input) => (await store.deliveries.nextDueInMs(input)) ?? 60_000 }),
  },
  {
    fault: "a redelivery of a pending delivery ends its schedule",
    caughtBy: ["redeliver/a pending delivery is due now and keeps its schedule"],
    plant: (store) =>
      faultyDeliveries(store, {
        claim: async (input) =>
          (await store.deliveries.claim(input)).map((claim) =>
            claim.lane === "manual" ? { ...claim, scheduledAttempts: null } : claim,
          ),
      }),
  },
  {
    fault: "a skipped delivery is not redelivered",
    caughtBy: ["redeliver/a skipped delivery gets its first attempt"],
    plant: (store) =>
      faultyLog(store, {
        redeliver: async (input) => {
          const found = await store.log.delivery(input);
          return found?.delivery.status === "skipped" ? "not_found" : store.log.redeliver(input);
        },
      }),
  },
  {
    fault: "a cancelled delivery is not redelivered",
    caughtBy: ["redeliver/a finished delivery gets one attempt outside any schedule, numbered on"],
    plant: (store) =>
      faultyLog(store, {
        redeliver: async (input) => {
          const found = await store.log.delivery(input);
          return found?.delivery.status === "cancelled" ? "not_found" : store.log.redeliver(input);
        },
      }),
  },
  {
    fault: "of two redeliveries at once one is refused",
    caughtBy: ["redeliver/of two callers at once both are queued and it happens once"],
    plant: (store) => {
      const overlapping = overlap();
      return faultyLog(store, {
        redeliver: (input) => overlapping(async (overlaps) => (overlaps ? "in_flight" : store.log.redeliver(input))),
      });
    },
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
        redeliver: async (input) => {
          const result = await store.log.redeliver(input);
          if (result === "queued") asked.set(input.id, input.now ?? 0);
          return result;
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
