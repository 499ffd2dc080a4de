/**
 * The benchmarks: `node bench/main.ts` runs what the table of the design needs, in about ten minutes, and with `--long` what
 * takes longer; `node bench/main.ts <scenario> …` runs one. Reports are Markdown on the standard output, what goes on
 * meanwhile is told on the other. Exits 1 when something was lost or wrong, and 2 for arguments that it does not know.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Arguments } from "./arguments.ts";
import { describeOptions, parseArguments, UsageError } from "./arguments.ts";
import { jsonOf, markdownOf } from "./report.ts";
import { scenarios, scripts } from "./scenarios.ts";
import { saveReport } from "./save.ts";
import { runTable, timed } from "./table.ts";

const [first, ...rest] = process.argv.slice(2);
try {
  await run(first, rest);
} catch (error) {
  console.error(error instanceof UsageError ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

async function run(name: string | undefined, given: readonly string[]): Promise<void> {
  if (name === undefined || name.startsWith("-")) {
    const options = parseArguments(name === undefined ? given : [name, ...given], ["long", "json", "save"]);
    return await runTable(options);
  }
  const scenario = scenarios.get(name);
  if (scenario !== undefined) {
    const options: Arguments = parseArguments(given, scenario.takes);
    const report = await timed(name, () => scenario.run(options));
    if (options.save) saveReport(report, options);
    console.log(markdownOf(report));
    if (options.json) console.log(`\n${jsonOf(report)}`);
    return;
  }
  const script = scripts.get(name);
  if (script === undefined) throw new UsageError(`unknown: ${name}. There are\n${describeScenarios()}`);
  parseArguments(given, script.takes);
  process.exitCode = await runScript(script.path, given);
}

function describeScenarios(): string {
  const all = [...scenarios, ...scripts].map(([name, { about, takes }]) => {
    const options = takes.length === 0 ? "" : `\n${describeOptions(takes)}`;
    return `${name}: ${about}${options}`;
  });
  return all.join("\n");
}

async function runScript(path: string, given: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [join(import.meta.dirname, path), ...given], { stdio: "inherit" });
  const [code] = await once(child, "exit");
  return typeof code === "number" ? code : 1;
}
