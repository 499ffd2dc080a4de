import type { UpkeepStore } from "../store/upkeep.ts";
import type { Memory } from "./tables.ts";
import { openTables, requireIdentity, requireOpen } from "./tables.ts";

/** Identity and heartbeats in memory. */
export function memoryUpkeep(memory: Memory, clock: () => number): UpkeepStore {
  return {
    migrate: async ({ identity, adopt }) => {
      requireOpen(memory);
      if (memory.identity === null) {
        memory.identity = { ...identity };
        return ["0001_memory"];
      }
      if (adopt) memory.identity = { ...memory.identity, environment: identity.environment };
      return [];
    },

    identity: async () => ({ ...requireIdentity(memory) }),

    heartbeat: async ({ dispatcherId, ttlMs, now = clock() }) => {
      const { dispatchers } = openTables(memory);
      dispatchers.set(dispatcherId, now + ttlMs);
      for (const [id, endsAt] of dispatchers) {
        if (endsAt <= now) dispatchers.delete(id);
      }
      return [...dispatchers.keys()];
    },

    retire: async ({ dispatcherId }) => {
      openTables(memory).dispatchers.delete(dispatcherId);
    },
  };
}
