import type { Heading } from "./heading.ts";
import { headingText } from "./heading.ts";

/** A figure for programs; `name` tells it from the others of the scenario. */
export type Result = { readonly name: string } & Readonly<Record<string, number | string | null>>;

/** A figure of the design with what was reached of it. */
export type Bound = {
  readonly figure: string;
  readonly mustReach: string;
  readonly reached: string;
  readonly met: boolean;
};

/** What one scenario found. */
export type Report = {
  readonly scenario: string;
  readonly heading: Heading;
  /** What was measured, in sentences. */
  readonly about: readonly string[];
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly bounds: readonly Bound[];
  /** What could not be measured, and why; what to mind. */
  readonly notes: readonly string[];
  readonly results: readonly Result[];
};

export function markdownOf({ scenario, heading, about, columns, rows, bounds, notes }: Report): string {
  return [
    `# ${scenario}`,
    `${headingText(heading)}.`,
    ...about,
    tableOf(columns, rows),
    ...(bounds.length === 0 ? [] : [boundsTable(bounds)]),
    ...(notes.length === 0 ? [] : [notes.map((note) => `- ${note}`).join("\n")]),
  ].join("\n\n");
}

export function boundsTable(bounds: readonly Bound[]): string {
  return tableOf(
    ["figure", "must reach", "reached", "met"],
    bounds.map(({ figure, mustReach, reached, met }) => [figure, mustReach, reached, met ? "yes" : "**no**"]),
  );
}

/** One line that programs read. */
export function jsonOf({ scenario, results, bounds }: Report): string {
  return JSON.stringify({ scenario, results, bounds }, rounded);
}

/** No figure here has more than so many digits to say. */
export function rounded(_: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(5)) : value;
}

/** A Markdown table, padded so that it can be read as it is. */
export function tableOf(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...rows.map((row) => (row[index] ?? "").length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, index) => (cells[index] ?? "").padEnd(width)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(columns), rule, ...rows.map(line)].join("\n");
}

/** A bound on the least that must be reached. */
export function atLeast(figure: string, reached: number, bound: number, unit: string): Bound {
  return boundOf(figure, reached, `≥ ${bound.toLocaleString("en-US")}${unit}`, { unit, met: reached >= bound });
}

/** A bound on the most that may be. */
export function atMost(figure: string, reached: number, bound: number, unit: string): Bound {
  return boundOf(figure, reached, `≤ ${bound.toLocaleString("en-US")}${unit}`, { unit, met: reached <= bound });
}

function boundOf(
  figure: string,
  reached: number,
  mustReach: string,
  { unit, met }: { readonly unit: string; readonly met: boolean },
): Bound {
  return { figure, mustReach, reached: `${shortly(reached)}${unit}`, met };
}

/** With as many digits as say something. */
export function shortly(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
