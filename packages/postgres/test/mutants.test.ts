import { describe, expect, it } from "vitest";
import { useMutatedStore } from "./fixtures/mutated-store.ts";
import { mutants } from "./fixtures/mutants.ts";

const findings = useMutatedStore();

// All of the kit on each of them would take a minute; it runs in the long lane.
describe("a fault in the SQL fails the cases that name it, and no others of their groups", () => {
  it.each(mutants)("$fault", async (mutant) => {
    const { caughtBy, perhapsBy = [] } = mutant;
    const groups = new Set(caughtBy.map((id) => id.split("/")[0]));
    const { failed, planted } = await findings(mutant, ({ group }) => groups.has(group));
    expect(planted).toBe(true);
    expect(failed.filter((id) => !perhapsBy.includes(id))).toEqual(caughtBy.toSorted());
  });
});
