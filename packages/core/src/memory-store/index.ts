import { systemClock } from "../clock.ts";
import type { Store } from "../store/index.ts";
import { memoryDeliveries } from "./deliveries.ts";
import { memoryEndpoints } from "./endpoints.ts";
import { memoryLog } from "./log.ts";
import { memoryMessages } from "./messages.ts";
import { emptyMemory, openTables } from "./tables.ts";
import { memorySecrets } from "./secrets.ts";
import { memoryUpkeep } from "./upkeep.ts";

/**
 * A store that forgets everything with its process: for tests and first tries, and the reference reading of the port.
 *
 * Each method does its work in one synchronous step, which makes it atomic. Values are copied on the way in and out. It
 * joins no transaction. `now` is the store's own clock, the system's unless given.
 *
 * @example
 * const store = memoryStore();
 * await store.upkeep.migrate({ identity: { environment: "test", partitions: 64 }, adopt: false });
 */
export function memoryStore({ now = systemClock.now }: { readonly now?: (() => number) | undefined } = {}): Store {
  const memory = emptyMemory();
  const open = () => openTables(memory);
  return {
    endpoints: memoryEndpoints(open),
    secrets: memorySecrets(open),
    messages: memoryMessages(memory),
    deliveries: memoryDeliveries(open, now),
    log: memoryLog(open, now),
    upkeep: memoryUpkeep(memory, now),
    close: async () => {
      memory.closed = true;
    },
  };
}
