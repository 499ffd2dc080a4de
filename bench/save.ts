import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Arguments } from "./arguments.ts";
import type { Heading } from "./heading.ts";
import type { Bound, Report, Result } from "./report.ts";
import { markdownOf, rounded } from "./report.ts";

/** What is kept of a run for programs. */
export type Saved = Omit<Heading, "versions"> & {
  readonly scenario: string;
  readonly versions: string;
  readonly results: readonly Result[];
  readonly bounds: readonly Bound[];
};

/** Where results are kept, as `<date>-<name>.md` and `.json`. */
export const resultsFolder: string = join(import.meta.dirname, "results");

/** Keeps a report. One of the same day and name is replaced. */
export function saveReport(report: Report, options: Arguments): void {
  const { scenario, heading, results, bounds } = report;
  const saved: Saved = { scenario, ...heading, versions: heading.versions.join(", "), results, bounds };
  const path = join(resultsFolder, `${heading.date}-${savedName(scenario, options)}`);
  mkdirSync(resultsFolder, { recursive: true });
  writeFileSync(`${path}.md`, `${markdownOf(report)}\n`);
  writeFileSync(`${path}.json`, `${JSON.stringify(saved, rounded, 2)}\n`);
  console.error(`kept as ${path}.md and .json`);
}

/** Runs with other bodies than most do not replace those with the usual ones. */
export function savedName(scenario: string, { bytes }: Pick<Arguments, "bytes">): string {
  return bytes === null ? scenario : `${scenario}-${bytes}-bytes`;
}
