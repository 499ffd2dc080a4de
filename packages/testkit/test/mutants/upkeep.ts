import type { Mutant } from "./mutant.ts";
import { faultyEndpoints, faultyUpkeep } from "./mutant.ts";

export const upkeepMutants: readonly Mutant[] = [
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
    fault: "every migration says that it ran something",
    caughtBy: [
      "upkeep/a second migration runs nothing and keeps what is there",
      "upkeep/of two migrations at once each step runs once",
    ],
    plant: (store) =>
      faultyUpkeep(store, {
        migrate: async (input) => {
          await store.upkeep.migrate(input);
          return ["0001"];
        },
      }),
  },
  {
    fault: "a heartbeat tells of the others only",
    caughtBy: [
      "upkeep/heartbeats tell of all that live",
      "upkeep/a dispatcher is forgotten when its last heartbeat is over",
      "upkeep/a retired dispatcher is forgotten at once",
    ],
    plant: (store) =>
      faultyUpkeep(store, {
        heartbeat: async (input) => (await store.upkeep.heartbeat(input)).filter((id) => id !== input.dispatcherId),
      }),
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
    plant: (store) => faultyUpkeep(store, { retire: () => store.upkeep.retire({ dispatcherId: "nobody" }) }),
  },
  {
    fault: "a store that is not ready finds nothing",
    caughtBy: [
      "upkeep/before the first migration all else is refused as schema_pending",
      "upkeep/after close all is refused as stopped",
    ],
    plant: (store) => faultyEndpoints(store, { get: (input) => store.endpoints.get(input).catch(() => null) }),
  },
  {
    fault: "a closed store goes on",
    caughtBy: [
      "upkeep/after close all is refused as stopped",
      "hints/after close nobody is told anything, and nobody can listen",
    ],
    plant: (store) => ({ ...store, close: async () => {} }),
  },
];
