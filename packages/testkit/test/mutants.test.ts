import type { Store } from "@outhook/core";
import { memoryStore } from "@outhook/core";
import { AssertionError } from "node:assert";
import { describe, expect, it } from "vitest";
import { storeConformance } from "../src/index.ts";
import { claimMutants } from "./mutants/claims.ts";
import { endpointMutants } from "./mutants/endpoints.ts";
import { messageMutants } from "./mutants/messages.ts";
import { queueMutants } from "./mutants/queue.ts";
import { readMutants } from "./mutants/reads.ts";
import { settlementMutants } from "./mutants/settlements.ts";

const mutants = [
  ...endpointMutants,
  ...messageMutants,
  ...claimMutants,
  ...settlementMutants,
  ...queueMutants,
  ...readMutants,
];

/** The ids of the cases that this store fails, each by an assertion. */
async function failedCases(plant: (store: Store) => Store): Promise<readonly string[]> {
  const failed: string[] = [];
  const create = async () => {
    const store = plant(memoryStore());
    return { store, peer: async () => store, destroy: store.close };
  };
  for (const { id, run } of storeConformance({ create })) {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof AssertionError)) throw error;
      failed.push(id);
    }
  }
  return failed.toSorted();
}

describe("a store with one fault fails the cases that name it and passes all others", () => {
  it.each(mutants)("$fault", async ({ caughtBy, plant }) => {
    expect(caughtBy).not.toEqual([]);
    expect(await failedCases(plant)).toEqual(caughtBy.toSorted());
  });
});
