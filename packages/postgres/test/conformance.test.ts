import type { Store } from "@outhook/core";
import { storeConformance } from "@outhook/testkit";
import pg from "pg";
import { afterAll, beforeAll, describe, it } from "vitest";
import { postgresStore } from "../src/index.ts";
import { useDatabase } from "./fixtures/database.ts";
import { beginOn } from "./fixtures/host-transaction.ts";

const database = useDatabase();
const pools: pg.Pool[] = [];

beforeAll(() => {
  for (let n = 0; n < 3; n += 1) pools.push(new pg.Pool({ connectionString: database.url() }));
});
afterAll(async () => {
  for (const pool of pools) await pool.end();
});

describe("postgres store", () => {
  const create = async () => {
    const schema = database.newSchema();
    const stores: Store[] = [];
    const open = (): Store => {
      const pool = pools[stores.length % pools.length] ?? new pg.Pool();
      const store = postgresStore({ pool, schema });
      stores.push(store);
      return store;
    };
    const destroy = async () => {
      for (const store of stores) await store.close();
    };
    return { store: open(), peer: async () => open(), begin: () => beginOn(database.url()), destroy };
  };
  // oxlint-disable-next-line vitest/expect-expect -- the cases assert
  for (const { id, run } of storeConformance({ create })) it(id, run);
});
