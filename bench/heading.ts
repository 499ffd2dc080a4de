import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";

/** What somebody needs to judge figures. */
export type Heading = {
  readonly command: string;
  /** ISO 8601. */
  readonly date: string;
  readonly commit: string;
  /** Names with versions. */
  readonly versions: readonly string[];
  readonly machine: string;
};

export function heading(command: string, versions: readonly string[]): Heading {
  const changed = git("status", "--porcelain", "--", "../packages") === "" ? "" : " with changes";
  return {
    command: `pnpm bench ${command}`,
    date: new Date().toISOString().slice(0, 10),
    commit: `${git("rev-parse", "--short", "HEAD")}${changed}`,
    versions: [`Node ${process.versions.node}`, ...versions],
    machine: `${cpus().length} cores (${cpus()[0]?.model ?? "unknown"})`,
  };
}

/** In one sentence, without its full stop. */
export function headingText({ command, date, commit, versions, machine }: Heading): string {
  return [`\`${command}\``, date, `commit ${commit}`, ...versions, machine].join(", ");
}

function git(...args: readonly string[]): string {
  return execFileSync("git", [...args], { cwd: import.meta.dirname, encoding: "utf8" }).trim();
}

/** The version of a package that the benchmarks have installed. */
export function versionOf(name: string): string {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "node_modules", name, "package.json"), "utf8"));
  return `${name} ${version}`;
}

/** What this process was asked for, where it runs this scenario alone; otherwise the scenario's name. */
export function commandLine(scenario: string): string {
  const given = process.argv.slice(2);
  return given[0] === scenario ? given.join(" ") : scenario;
}
