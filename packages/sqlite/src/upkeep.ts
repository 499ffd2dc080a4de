import type { UpkeepStore } from "@outhook/core";
import type { HeartbeatSteps, MigrationSteps } from "@outhook/sql";
import type { Connection } from "./connection.ts";
import type { Timed } from "./timed.ts";

type Work = { readonly migrations: MigrationSteps; readonly heartbeats: HeartbeatSteps };

/** As the port has it, but that the time is given. */
export type InnerUpkeep = Omit<Timed<UpkeepStore>, "migrate"> & {
  readonly migrate: (
    input: Parameters<UpkeepStore["migrate"]>[0] & { readonly now: number },
  ) => ReturnType<UpkeepStore["migrate"]>;
};

/** Migrations, identity and heartbeats, by the work that both databases share. */
export function sqliteUpkeep(connection: Connection, { migrations, heartbeats }: Work): InnerUpkeep {
  const { read, write, migrate } = connection;
  return {
    migrate: async ({ now, ...input }) => {
      const applied: string[] = [];
      for (;;) {
        const id = await migrate(({ perform }) => perform(migrations.next(now)));
        if (id === null) break;
        applied.push(id);
      }
      await write(({ perform }) => perform(migrations.identify(input)));
      return applied;
    },

    identity: async () => await read(({ perform }) => perform(migrations.identity())),

    heartbeat: async ({ dispatcherId, ttlMs, now }) =>
      await write(({ perform }) => perform(heartbeats.beat({ id: dispatcherId, expiresAt: now + ttlMs, now }))),

    retire: async ({ dispatcherId }) => await write(({ perform }) => perform(heartbeats.retire(dispatcherId))),
  };
}
