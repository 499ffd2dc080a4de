import type { LogStore, Store } from "@outhook/core";
import type { Mutant } from "./mutant.ts";
import { faultyLog, faultyUpkeep } from "./mutant.ts";

export const readMutants: readonly Mutant[] = [
  {
    fault: "deliveries are read without their tenant",
    caughtBy: ["tenancy/messages and deliveries of another tenant behave as unknown ones"],
    plant: (store) =>
      faultyLog(store, { delivery: (input) => store.log.delivery({ ...input, tenant: "acme" }) }),
  },
  {
    fault: "redeliver does not check the tenant",
    caughtBy: ["tenancy/messages and deliveries of another tenant behave as unknown ones"],
    plant: (store) =>
      faultyLog(store, { redeliver: (input) => store.log.redeliver({ ...input, tenant: "acme" }) }),
  },
  {
    fault: "attempts are read newest first",
    caughtBy: [],
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
    fault: "the status filter is ignored",
    caughtBy: ["log/deliveries are listed by status"],
    plant: (store) =>
      faultyLog(store, { deliveries: ({ status: _status, ...input }) => store.log.deliveries(input) }),
  },
  {
    fault: "a copy takes the environment of whoever migrates",
    caughtBy: ["upkeep/the first migration writes the identity down and a later one leaves it"],
    plant: (store) => faultyUpkeep(store, { migrate: (input) => store.upkeep.migrate({ ...input, adopt: true }) }),
  },
  {
    fault: "adopting is ignored",
    caughtBy: ["upkeep/adopting replaces the environment and never the partitions"],
    plant: (store) => faultyUpkeep(store, { migrate: (input) => store.upkeep.migrate({ ...input, adopt: false }) }),
  },
  {
    fault: "two migrations at once both say that they ran",
    caughtBy: ["upkeep/of two migrations at once each step runs once"],
    plant: (store) => {
      let running: Promise<readonly string[]> | null = null;
      return faultyUpkeep(store, {
        migrate: (input) => {
          running ??= store.upkeep.migrate(input).finally(() => {
            running = null;
          });
          return running;
        },
      });
    },
  },
  {
    fault: "dispatchers live for ever",
    caughtBy: ["upkeep/a dispatcher is forgotten when its last heartbeat is over"],
    plant: (store) =>
      faultyUpkeep(store, { heartbeat: (input) => store.upkeep.heartbeat({ ...input, ttlMs: 1_000_000_000 }) }),
  },
  {
    fault: "a heartbeat gives no new time",
    caughtBy: ["upkeep/a dispatcher is forgotten when its last heartbeat is over"],
    plant: (store) => {
      const first = new Map<string, number>();
      return faultyUpkeep(store, {
        heartbeat: async (input) => {
          const now = input.now ?? 0;
          const since = first.get(input.dispatcherId) ?? now;
          first.set(input.dispatcherId, since);
          return store.upkeep.heartbeat({ ...input, ttlMs: since + input.ttlMs - now });
        },
      });
    },
  },
  {
    fault: "retire is ignored",
    caughtBy: ["upkeep/a retired dispatcher is forgotten at once"],
    plant: (store) => faultyUpkeep(store, { retire: async () => {} }),
  },
  {
    fault: "a closed store goes on",
    caughtBy: ["upkeep/after close all is refused as stopped"],
    plant: (store) => ({ ...store, close: async () => {} }),
  },
];

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
