import { memoryStore } from "@outhook/core";
import { describe, it } from "vitest";
import type { StoreHandle } from "../src/index.ts";
import { storeConformance } from "../src/index.ts";

async function create(): Promise<StoreHandle> {
  const store = memoryStore();
  return { store, peer: async () => store, destroy: store.close };
}

describe("memory store", () => {
  const skip = [{ id: "transaction", reason: "the host has none in memory" }];
  // oxlint-disable-next-line vitest/expect-expect -- the cases assert
  for (const { id, run } of storeConformance({ create }, { skip })) it(id, run);
});
