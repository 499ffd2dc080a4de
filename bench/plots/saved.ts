import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Result } from "../report.ts";
import type { Saved } from "../save.ts";
import { resultsFolder } from "../save.ts";

/** The newest results of a scenario that were kept, or `null`. */
export function newestOf(scenario: string): Saved | null {
  const ofScenario = new RegExp(String.raw`^\d{4}-\d\d-\d\d-${scenario}\.json$`);
  const newest = readdirSync(resultsFolder)
    .filter((name) => ofScenario.test(name))
    .toSorted()
    .at(-1);
  return newest === undefined ? null : JSON.parse(readFileSync(join(resultsFolder, newest), "utf8"));
}

/** A figure of a result; `null` where it has none. */
export function figureOf(result: Result | undefined, figure: string): number | null {
  const value = result?.[figure];
  return typeof value === "number" ? value : null;
}
