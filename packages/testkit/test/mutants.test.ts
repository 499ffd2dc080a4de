import type { Store } from "@outhook/core";
import { memoryStore } from "@outhook/core";
import { AssertionError } from "node:assert";
import { describe, expect, it } from "vitest";
import type { ConformanceCase } from "../src/index.ts";
import { storeConformance } from "../src/index.ts";
import { answerMutants } from "./mutants/answers.ts";
import { claimMutants } from "./mutants/claims.ts";
import { endpointMutants } from "./mutants/endpoints.ts";
import { hintMutants } from "./mutants/hints.ts";
import { holdMutants } from "./mutants/holds.ts";
import { messageMutants } from "./mutants/messages.ts";
import { paceMutants } from "./mutants/pace.ts";
import { queueMutants } from "./mutants/queue.ts";
import { readMutants } from "./mutants/reads.ts";
import { sealingMutants } from "./mutants/sealing.ts";
import { secretMutants } from "./mutants/secrets.ts";
import { settlementMutants } from "./mutants/settlements.ts";
import { updateMutants } from "./mutants/updates.ts";
import { upkeepMutants } from "./mutants/upkeep.ts";
import { verifiedMutants } from "./mutants/verified.ts";

const mutants = [
  ...endpointMutants,
  ...updateMutants,
  ...verifiedMutants,
  ...secretMutants,
  ...sealingMutants,
  ...answerMutants,
  ...messageMutants,
  ...claimMutants,
  ...settlementMutants,
  ...holdMutants,
  ...paceMutants,
  ...queueMutants,
  ...readMutants,
  ...upkeepMutants,
  ...hintMutants,
];

function casesOf(plant: (store: Store) => Store): readonly ConformanceCase[] {
  const create = async () => {
    const store = plant(memoryStore());
    return { store, peer: async () => store, destroy: store.close };
  };
  return storeConformance({ create }, { skip: [{ id: "transaction", reason: "on Postgres, which has transactions" }] });
}

/** The ids of the cases that fail, each by an assertion: a store that merely throws proves nothing. */
async function failedCases(cases: readonly ConformanceCase[]): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const { id, run } of cases) {
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
    expect(await failedCases(casesOf(plant))).toEqual(caughtBy.toSorted());
  });

  it("each case catches some fault", () => {
    const caught = new Set(mutants.flatMap(({ caughtBy }) => caughtBy));
    const idle = casesOf((store) => store).filter(({ id }) => !caught.has(id));
    expect(idle.map(({ id }) => id)).toEqual([]);
  });
});
