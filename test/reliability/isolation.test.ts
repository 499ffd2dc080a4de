import { postgresStore } from "@outhook/postgres";
import { sqliteStore } from "@outhook/sqlite";
import { describe, expect, it } from "vitest";
import { useServer } from "../postgres/database.ts";
import { startCrowd } from "./hanging.ts";
import { newFile } from "./stored.ts";

const newDatabase = useServer();
const stores = {
  SQLite: async () => sqliteStore({ path: await newFile() }),
  Postgres: async () => postgresStore({ connectionString: await newDatabase() }),
};

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

describe("endpoints that take requests and never answer", () => {
  it.each([
    { store: "SQLite", endpoints: 10, each: 500 },
    { store: "SQLite", endpoints: 60, each: 20 },
    { store: "Postgres", endpoints: 10, each: 500 },
  ] as const)(
    "delay nobody else: $endpoints of them, on $store",
    { timeout: 60_000 },
    async ({ store, endpoints, each }) => {
      const crowd = await startCrowd(await stores[store](), { healthy: 50 });
      const load = { each: 4, everyMs: 3 };
      await crowd.sendToHealthy(load);
      const alone = median(await crowd.sendToHealthy(load));
      await crowd.fillHanging({ endpoints, each });
      const beside = median(await crowd.sendToHealthy(load));
      console.log(
        `${store}, ${endpoints} that hang: ${alone.toFixed(1)} ms alone, ${beside.toFixed(1)} ms beside them`,
      );
      expect(crowd.hanging()).toBeLessThanOrEqual(192);
      // Generous: other processes may take the machine in between.
      expect(beside).toBeLessThan(alone * 2 + 100);
    },
  );
});
