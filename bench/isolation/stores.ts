import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "../../packages/core/src/index.ts";
import { postgresStore } from "../../packages/postgres/src/index.ts";
import { sqliteStore } from "../../packages/sqlite/src/index.ts";
import type { BenchServer } from "../postgres/server.ts";
import { withClient } from "../postgres/server.ts";

/** An empty store of its own for each run. */
export type StoreSource = {
  readonly name: string;
  readonly create: () => Promise<{
    readonly store: Store;
    /** What the database does by itself within a minute after much was written. */
    readonly tidy: () => Promise<void>;
    readonly destroy: () => Promise<void>;
  }>;
};

export const onSqlite: StoreSource = {
  name: "SQLite",
  create: async () => {
    const folder = await mkdtemp(join(tmpdir(), "outhook-bench-"));
    const destroy = (): Promise<void> => rm(folder, { recursive: true });
    return { store: sqliteStore({ path: join(folder, "outhook.db") }), tidy: async () => undefined, destroy };
  },
};

export function onPostgres(server: BenchServer): StoreSource {
  return {
    name: "PostgreSQL",
    create: async () => {
      const name = `outhook_bench_${crypto.randomUUID().replaceAll("-", "")}`;
      const connectionString = await server.createDatabase(name);
      return {
        store: postgresStore({ connectionString }),
        tidy: () => withClient(connectionString, async (client) => void (await client.query("vacuum analyze"))),
        destroy: () => server.dropDatabase(name),
      };
    },
  };
}
