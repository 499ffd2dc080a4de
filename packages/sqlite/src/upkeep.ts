import type { UpkeepStore } from "@outhook/core";
import type { HeartbeatSteps, MigrationSteps } from "@outhook/sql";
import type { Connection } from "./connection.ts";

type Work = { readonly migrations: MigrationSteps; readonly heartbeats: HeartbeatSteps; readonly clock: () => number };

/** Migrations, identity and heartbeats, by the work that both databases share. */
export function sqliteUpkeep(connection: Connection, { migrations, heartbeats, clock }: Work): UpkeepStore {
  const { read, write, migrate } = connection;
  return {
    migrate: async (input) => {
      const applied: string[] = [];
      for (;;) {
        const id = await migrate(({ perform }) => perform(migrations.next(clock())));
        if (id === null) break;
        applied.push(id);
      }
      await write(({ perform }) => perform(migrations.identify(input)));
      return applied;
    },

    identity: async () => await read(({ perform }) => perform(migrations.identity())),

    heartbeat: async ({ dispatcherId, ttlMs, now = clock() }) =>
      await write(({ perform }) => perform(heartbeats.beat({ id: dispatcherId, expiresAt: now + ttlMs, now }))),

    retire: async ({ dispatcherId }) => await write(({ perform }) => perform(heartbeats.retire(dispatcherId))),
  };
}
