import type { Result } from "../report.ts";
import type { Saved } from "../save.ts";
import type { Bars, Series } from "./bars.ts";
import { palette } from "./bars.ts";
import { figureOf } from "./saved.ts";

/** A plot of what some scenarios found, under its name as a file. */
export type Chart = {
  readonly file: string;
  readonly scenarios: readonly [string, ...string[]];
  /** Gets one result of each of `scenarios`. */
  readonly draw: (saved: readonly Saved[]) => Bars;
};

const stores = [
  { kind: "sqlite", name: "SQLite" },
  { kind: "postgres", name: "PostgreSQL" },
] as const;

export const charts: readonly Chart[] = [
  {
    file: "drain",
    scenarios: ["drain"],
    draw: (saved) => {
      const found = resultsOf(saved).filter(({ name }) => name !== "floor");
      return {
        title: "Deliveries a second from a full queue, beside the floor and the peers",
        about: aboutOf(saved),
        axis: "deliveries/s",
        scale: "linear",
        categories: found.map(({ name }) => name),
        series: [
          {
            name: "deliveries/s",
            values: found.map((one) => figureOf(one, "perSecond")),
            colours: found.map(({ name }) => colourOf(name)),
          },
        ],
      };
    },
  },
  {
    file: "send",
    scenarios: ["send"],
    draw: (saved) => {
      const counts = countsOf(saved);
      return {
        title: "Messages accepted a second, each durable before its send returns",
        about: aboutOf(saved),
        axis: "messages/s, logarithmic",
        scale: "log",
        categories: counts.map((count) => (count === 1 ? "1 caller" : `${shown(count)} callers`)),
        series: seriesOfStores(saved, counts, "perSecond"),
      };
    },
  },
  {
    file: "latency",
    scenarios: ["latency"],
    draw: (saved) => {
      const found = resultsOf(saved);
      return {
        title: "From send to received",
        about: aboutOf(saved),
        axis: "ms, logarithmic",
        scale: "log",
        categories: found.map(({ name }) => latencyName(name)),
        series: ["p50", "p99"].map((figure) => ({
          name: figure,
          values: found.map((one) => figureOf(one, figure)),
        })),
      };
    },
  },
  {
    file: "backlog",
    scenarios: ["backlog"],
    draw: (saved) => {
      const counts = countsOf(saved, "outhook-");
      return {
        title: "Deliveries a second out of a backlog",
        about: aboutOf(saved),
        axis: "deliveries/s",
        scale: "linear",
        categories: counts.map((count) => `${shown(count)} waiting`),
        series: seriesOfStores(saved, counts, "perSecond", "outhook-"),
      };
    },
  },
  {
    file: "cost",
    scenarios: ["endpoints", "patterns"],
    draw: (saved) => {
      const found = resultsOf(saved);
      const names = [...new Set(found.map(({ name }) => name.replace(/^outhook-(?:sqlite|postgres)-/, "")))];
      return {
        title: "Processor time of the dispatcher for a delivery",
        about: aboutOf(saved),
        axis: "ms of a core",
        scale: "linear",
        categories: names.map(costName),
        series: stores
          .map(({ kind, name }) => ({
            name,
            values: names.map((rest) =>
              // Seconds for 1,000 are milliseconds for one.
              figureOf(byName(found, `outhook-${kind}-${rest}`), "cpuSecondsPer1000"),
            ),
          }))
          .filter(hasValues),
      };
    },
  },
];

function resultsOf(saved: readonly Saved[]): readonly Result[] {
  return saved.flatMap(({ results }) => results);
}

function aboutOf(saved: readonly Saved[]): string {
  const [last] = saved.toSorted((a, b) => b.date.localeCompare(a.date));
  return last === undefined ? "" : `${last.date}, commit ${last.commit}, ${last.machine}; medians`;
}

/** The numbers that names end in after a store, in order. */
function countsOf(saved: readonly Saved[], prefix = ""): readonly number[] {
  const counts = resultsOf(saved).flatMap(({ name }) =>
    stores
      .filter(({ kind }) => name.startsWith(`${prefix}${kind}-`))
      .map(({ kind }) => Number(name.slice(`${prefix}${kind}-`.length))),
  );
  return [...new Set(counts.filter(Number.isInteger))].toSorted((a, b) => a - b);
}

function seriesOfStores(
  saved: readonly Saved[],
  counts: readonly number[],
  figure: string,
  prefix = "",
): readonly Series[] {
  const found = resultsOf(saved);
  return stores
    .map(({ kind, name }) => ({
      name,
      values: counts.map((count) => figureOf(byName(found, `${prefix}${kind}-${count}`), figure)),
    }))
    .filter(hasValues);
}

function byName(results: readonly Result[], name: string): Result | undefined {
  return results.find((one) => one.name === name);
}

function hasValues({ values }: Series): boolean {
  return values.some((value) => value !== null);
}

function colourOf(name: string): string {
  if (name.startsWith("floor")) return palette.grey;
  return name.startsWith("outhook") ? palette.blue : palette.orange;
}

/** `sqlite-1-200` in words. */
function latencyName(name: string): string {
  const [kind, processes, perSecond] = name.split("-");
  const store = stores.find((one) => one.kind === kind)?.name ?? kind;
  return `${store}, ${shown(Number(perSecond))}/s, ${processes === "1" ? "one process" : "two processes"}`;
}

/** `10000-others` and `100` in words. */
function costName(name: string): string {
  const [count, beside] = name.split("-");
  if (beside === undefined) return `patterns of each endpoint: ${count}`;
  return `more endpoints of ${beside === "others" ? "other tenants" : "the tenant"}: ${shown(Number(count))}`;
}

function shown(count: number): string {
  return count.toLocaleString("en-US");
}
