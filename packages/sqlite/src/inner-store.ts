import type { DeliveryStore, LogStore, SecretStore } from "@outhook/core";
import { createQueryBuilder, endpointSteps, heartbeatSteps, logSteps, migrationSteps, secretSteps } from "@outhook/sql";
import { createChanges } from "./changes.ts";
import { createConnection } from "./connection.ts";
import { sqliteDeliveries } from "./deliveries.ts";
import type { InnerEndpoints } from "./endpoints.ts";
import { sqliteEndpoints } from "./endpoints.ts";
import { sqliteLog } from "./log.ts";
import type { InnerMessages } from "./messages.ts";
import { sqliteMessages } from "./messages.ts";
import { sqliteSecrets } from "./secrets.ts";
import type { Timed } from "./timed.ts";
import type { InnerUpkeep } from "./upkeep.ts";
import { sqliteUpkeep } from "./upkeep.ts";

/**
 * The part of the store that has the connection, in a thread of its own. All that goes in and out of it is plain data, and
 * the time is always given.
 */
export type InnerStore = {
  readonly endpoints: InnerEndpoints;
  readonly secrets: SecretStore;
  readonly messages: InnerMessages;
  readonly deliveries: Timed<DeliveryStore>;
  readonly log: Timed<LogStore>;
  readonly upkeep: InnerUpkeep;
  readonly connection: {
    /** Calls `onChange` from now on when messages were inserted, or another connection has written anything. */
    readonly watch: () => Promise<void>;
    readonly endWatch: () => Promise<void>;
    readonly close: () => Promise<void>;
  };
};

export type InnerOptions = { readonly path: string; readonly lockWaitMs: number };

export function createInnerStore({ path, lockWaitMs }: InnerOptions, onChange: () => void): InnerStore {
  const builder = createQueryBuilder("sqlite");
  const migrations = migrationSteps(builder);
  const connection = createConnection({
    path,
    lockWaitMs,
    migrations,
    monotonic: () => performance.now(),
    random: Math.random,
  });
  const changes = createChanges(connection.version);
  return {
    endpoints: sqliteEndpoints(connection, endpointSteps(builder)),
    secrets: sqliteSecrets(connection, secretSteps(builder)),
    messages: sqliteMessages(connection, changes.add),
    deliveries: sqliteDeliveries(connection),
    log: sqliteLog(connection, logSteps(builder)),
    upkeep: sqliteUpkeep(connection, { migrations, heartbeats: heartbeatSteps(builder) }),
    connection: {
      watch: async () => changes.watch(onChange),
      endWatch: async () => changes.stop(),
      close: async () => {
        changes.stop();
        await connection.close();
      },
    },
  };
}
