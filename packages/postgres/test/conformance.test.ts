import type { Store } from "@outhook/core";
import { storeConformance } from "@outhook/testkit";
import pg from "pg";
import { afterAll, beforeAll, describe, it } from "vitest";
import { postgresStore } from "../src/index.ts";
import { useDatabase } from "./fixtures/database.ts";
import { beginOn } from "./fixtures/host-transaction.ts";
import { onOneSchema } from "./fixtures/one-schema.ts";

const database = useDatabase();
const pools: pg.Pool[] = [];

beforeAll(() => {
  for (let n = 0; n < 3; n += 1) pools.push(new pg.Pool({ connectionString: database.url() }));
});
afterAll(async () => {
  for (const pool of pools) await pool.end();
});

const poolOf = (number: number): pg.Pool => pools[number % pools.length] ?? new pg.Pool();

describe("postgres store", () => {
  const schema = database.newSchema();
  const open = (number: number): Store => postgresStore({ pool: poolOf(number), schema });
  beforeAll(async () => {
    await open(0).upkeep.migrate({ identity: { environment: "conformance", partitions: 8 }, adopt: false });
  });
  const emptied = storeConformance({
    create: () => onOneSchema({ url: database.url(), pool: poolOf(0), schema, open }).create(),
  });
  // Those about migrations begin with nothing.
  const fresh = storeConformance({
    create: async () => {
      const ofCase = database.newSchema();
      const stores: Store[] = [];
      const openNext = (): Store => {
        const store = postgresStore({ pool: poolOf(stores.length), schema: ofCase });
        stores.push(store);
        return store;
      };
      const destroy = async () => {
        for (const store of stores) await store.close();
      };
      return { store: openNext(), peer: async () => openNext(), begin: () => beginOn(database.url()), destroy };
    },
  });
  const cases = emptied.map((one, index) => (one.group === "upkeep" ? (fresh[index] ?? one) : one));
  // oxlint-disable-next-line vitest/expect-expect -- the cases assert
  for (const { id, run } of cases) it(id, run);
});
