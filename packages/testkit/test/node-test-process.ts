import { memoryStore } from "@outhook/core";
import { test } from "node:test";
import { storeConformance } from "../src/index.ts";

// The whole file that a store needs under node:test. A vitest test runs it.
const create = async () => {
  const store = memoryStore();
  return { store, peer: async () => store, destroy: store.close };
};
const skip = [{ id: "transaction", reason: "the host has none in memory" }];

for (const { id, run } of storeConformance({ create }, { skip })) void test(id, run);
