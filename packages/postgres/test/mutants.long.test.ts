import { describe, expect, it } from "vitest";
import { useMutatedStore } from "./fixtures/mutated-store.ts";
import { mutants } from "./fixtures/mutants.ts";

const findings = useMutatedStore();

describe("a fault in the SQL fails the cases that name it, and no others of the kit", () => {
  it.each(mutants)("$fault", async (mutant) => {
    const { caughtBy, perhapsBy = [] } = mutant;
    const { failed } = await findings(mutant, ({ group }) => group !== "upkeep");
    expect(failed.filter((id) => !perhapsBy.includes(id))).toEqual(caughtBy.toSorted());
  });
});
