import type { EndpointHealth, LogStore, Store } from "@outhook/core";
import type { Mutant } from "./mutant.ts";
import { faultyLog } from "./mutant.ts";

export const readMutants: readonly Mutant[] = [
  {
    fault: "deliveries are read without their tenant",
    caughtBy: ["tenancy/messages and deliveries of another tenant behave as unknown ones"],
    plant: (store) => faultyLog(store, { delivery: (input) => store.log.delivery({ ...input, tenant: "acme" }) }),
  },
  {
    fault: "redeliver does not check the tenant",
    caughtBy: ["tenancy/messages and deliveries of another tenant behave as unknown ones"],
    plant: (store) => faultyLog(store, { redeliver: (input) => store.log.redeliver({ ...input, tenant: "acme" }) }),
  },
  {
    fault: "attempts are read newest first",
    caughtBy: ["settle/attempts are kept in order with their numbers"],
    plant: (store) =>
      faultyLog(store, {
        delivery: async (input) => {
          const found = await store.log.delivery(input);
          return found === null ? null : { ...found, attempts: found.attempts.toReversed() };
        },
      }),
  },
  {
    fault: "pages of deliveries go by offset",
    caughtBy: ["log/pages miss nothing and repeat nothing while deliveries are added"],
    plant: (store) => faultyLog(store, { deliveries: byOffset(store) }),
  },
  {
    fault: "a page takes the id it goes on after along",
    caughtBy: [
      "log/deliveries are listed newest first and page by id",
      "log/pages miss nothing and repeat nothing while deliveries are added",
    ],
    plant: (store) =>
      faultyLog(store, {
        deliveries: ({ after, ...input }) =>
          store.log.deliveries(after === undefined ? input : { ...input, after: `${after}0` }),
      }),
  },
  {
    fault: "a list does not tell when the next attempt is due",
    caughtBy: ["log/a listed delivery is the one that reads by id"],
    plant: (store) =>
      faultyLog(store, {
        deliveries: async (input) =>
          (await store.log.deliveries(input)).map((delivery) => ({ ...delivery, nextAttemptAt: null })),
      }),
  },
  {
    fault: "a message shows its deliveries as they were made",
    caughtBy: ["log/a message shows its deliveries as they are now"],
    plant: (store) =>
      faultyLog(store, {
        message: async (input) => {
          const found = await store.log.message(input);
          if (found === null) return null;
          const asMade = found.deliveries.map((delivery) =>
            delivery.status === "succeeded" ? { ...delivery, status: "pending" as const } : delivery,
          );
          return { ...found, deliveries: asMade };
        },
      }),
  },
  {
    fault: "endpoints without an attempt have a health of zeros",
    caughtBy: [
      "health/endpoints that never had an attempt are left out",
      "health/a settlement that does not count leaves it",
      "lease/a lost attempt does not count for the endpoint's health",
      "lease/a lease that was taken over does not settle and writes nothing",
    ],
    plant: (store) =>
      faultyLog(store, {
        health: async (input) => {
          const found = await store.log.health(input);
          return input.endpointIds.map(
            (endpointId) => found.find((one) => one.endpointId === endpointId) ?? { ...zeros, endpointId },
          );
        },
      }),
  },
  {
    fault: "the last error outlives no success",
    caughtBy: ["health/a success ends the failures", "health/failures are forgotten on request, and only they"],
    plant: (store) =>
      faultyLog(store, { health: healthWith(store, (one) => (one.failingSince === null ? null : one.lastError)) }),
  },
  {
    fault: "the last error has no text",
    caughtBy: [
      "health/failures count up from the first, and the last one tells its error",
      "health/a success ends the failures",
      "health/a delivery given up without an attempt counts and keeps what the last attempt left",
      "health/settling returns the health of the endpoints it counted failures for",
    ],
    plant: (store) => faultyLog(store, { health: healthWith(store, () => null) }),
  },
  {
    fault: "the status filter is ignored",
    caughtBy: ["log/deliveries are listed by status"],
    plant: (store) => faultyLog(store, { deliveries: ({ status: _status, ...input }) => store.log.deliveries(input) }),
  },
];

const zeros = {
  consecutiveFailures: 0,
  exhaustedInRow: 0,
  failingSince: null,
  lastDeliveryAt: null,
  lastSuccessAt: null,
  lastError: null,
};

function healthWith(store: Store, lastError: (health: EndpointHealth) => string | null): LogStore["health"] {
  return async (input) => (await store.log.health(input)).map((one) => ({ ...one, lastError: lastError(one) }));
}

/** Pages by how many rows came before, which shifts when rows are added. */
function byOffset(store: Store): LogStore["deliveries"] {
  const offsets = new Map<string, number>();
  return async ({ after, limit, ...input }) => {
    const offset = after === undefined ? 0 : (offsets.get(after) ?? 0);
    const page = (await store.log.deliveries({ ...input, limit: offset + limit })).slice(offset);
    for (const [index, { id }] of page.entries()) offsets.set(id, offset + index + 1);
    return page;
  };
}
