import type { Arguments, OptionName } from "./arguments.ts";
import type { Report } from "./report.ts";

/** Something that is measured, with the options that it takes. */
export type Scenario = {
  readonly takes: readonly OptionName[];
  /** In one line. */
  readonly about: string;
  /** Throws when what was measured is worth nothing: a message lost or sent twice, a signature that is wrong. */
  readonly run: (options: Arguments) => Promise<Report>;
};
