import { AssertionError } from "node:assert";
import { describe, expect, it } from "vitest";
import { httpConformance } from "../src/index.ts";
import { answeringMutants } from "./http-mutants/answering.ts";
import { askingMutants } from "./http-mutants/asking.ts";
import { mountOf } from "./http-mutants/mutant.ts";

/** What a case says of a mount; `null` when it passes. */
async function verdict(id: string, plant: Parameters<typeof mountOf>[0]): Promise<unknown> {
  const found = httpConformance(mountOf(plant)).find((one) => one.id === id);
  if (found === undefined) throw new Error(`there is no case ${id}`);
  try {
    await found.run();
    return null;
  } catch (error) {
    return error;
  }
}

describe("a mount with one fault fails the case that names it, by an assertion that shows request and answer", () => {
  it.each([...askingMutants, ...answeringMutants])("$fault", async ({ caughtBy, plant }) => {
    expect(await verdict(caughtBy, {})).toBeNull();
    const error = await verdict(caughtBy, plant);
    expect(error).toBeInstanceOf(AssertionError);
    expect(String(error)).toMatch(/\n→ [A-Z]+ \/[^]*\n← \d{3}\n/);
  });
});
