import { parseArgs } from "node:util";

/** What a run is asked for; `null` where the scenario decides. */
export type Arguments = {
  readonly store: "sqlite" | "postgres" | null;
  readonly messages: number | null;
  readonly bytes: number | null;
  readonly seconds: number | null;
  readonly rounds: number | null;
  readonly only: readonly string[] | null;
  readonly profile: string | null;
  readonly long: boolean;
  readonly json: boolean;
  readonly save: boolean;
};

export type OptionName = keyof Arguments;

/** What somebody asked for that there is not. Its message is for them. */
export class UsageError extends Error {}

const descriptions: Readonly<Record<OptionName, string>> = {
  store: "--store sqlite|postgres   only this store",
  messages: "--messages N              so many in each measured run",
  bytes: "--bytes N                 of each body, at least 128: 1024, 20480",
  seconds: "--seconds N               so long in each measured run",
  rounds: "--rounds N                repetitions, whose median counts",
  only: "--only A,B                only these rows",
  profile: "--profile FOLDER          node --cpu-prof of each process that is measured",
  long: "--long                    what takes longer than ten minutes",
  json: "--json                    a last line of JSON",
  save: "--save                    keep the report in bench/results",
};

/** One line for each option. */
export function describeOptions(names: readonly OptionName[]): string {
  return names.map((name) => `  ${descriptions[name]}`).join("\n");
}

/** Throws `UsageError` naming each argument that is not among `takes`, or that has no value that it can have. */
export function parseArguments(given: readonly string[], takes: readonly OptionName[]): Arguments {
  const { tokens } = parseArgs({
    args: [...given],
    options: shapes,
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  const values = new Map<string, string | undefined>();
  const unknown: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") unknown.push(token.value);
    if (token.kind !== "option") continue;
    if (takes.some((name) => name === token.name)) values.set(token.name, token.value);
    else unknown.push(token.rawName);
  }
  if (unknown.length > 0)
    throw new UsageError(
      `unknown: ${unknown.join(", ")}. There ${takes.length === 0 ? "are no options" : "is"}\n${describeOptions(takes)}`,
    );
  const text = (name: OptionName): string | null => {
    if (!values.has(name)) return null;
    const value = values.get(name);
    if (value === undefined || value === "")
      throw new UsageError(`--${name} has no value:\n${describeOptions([name])}`);
    return value;
  };
  return {
    store: storeOf(text("store")),
    messages: numberOf("messages", text("messages"), 100),
    bytes: numberOf("bytes", text("bytes"), 128),
    seconds: numberOf("seconds", text("seconds"), 1),
    rounds: numberOf("rounds", text("rounds"), 1),
    only: text("only")?.split(",") ?? null,
    profile: text("profile"),
    long: values.has("long"),
    json: values.has("json"),
    save: values.has("save"),
  };
}

const shapes = {
  store: { type: "string" },
  messages: { type: "string" },
  bytes: { type: "string" },
  seconds: { type: "string" },
  rounds: { type: "string" },
  only: { type: "string" },
  profile: { type: "string" },
  long: { type: "boolean" },
  json: { type: "boolean" },
  save: { type: "boolean" },
} as const satisfies Record<OptionName, { readonly type: "string" | "boolean" }>;

function storeOf(value: string | null): Arguments["store"] {
  if (value === null || value === "sqlite" || value === "postgres") return value;
  throw new UsageError(`--store ${value}: there are sqlite and postgres`);
}

function numberOf(name: OptionName, value: string | null, least: number): number | null {
  if (value === null) return null;
  const number = Number(value.replaceAll(/[,_]/g, ""));
  if (Number.isInteger(number) && number >= least) return number;
  throw new UsageError(`--${name} ${value}: it must be a whole number, at least ${least}`);
}
