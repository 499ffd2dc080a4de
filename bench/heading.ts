import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";

/** What somebody needs to judge the figures below it: command, date, commit, versions, machine. */
export function heading(command: string, versions: readonly string[]): string {
  const changed = git("status", "--porcelain", "--", "../packages") === "" ? "" : " with changes";
  return [
    `\`pnpm bench ${command}\``,
    new Date().toISOString().slice(0, 10),
    `commit ${git("rev-parse", "--short", "HEAD")}${changed}`,
    `Node ${process.versions.node}`,
    ...versions,
    `${cpus().length} cores (${cpus()[0]?.model ?? "unknown"})`,
  ].join(", ");
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
