import { spawnSync } from "node:child_process";

/** Runs a command for at most five minutes and returns what it printed. Throws with all of its output when it fails. */
export function run(command: string, args: readonly string[], options: { readonly cwd: string }): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    ...options,
    encoding: "utf8",
    timeout: 300_000,
  });
  if (error !== undefined) throw new Error(`${command} did not run to its end: ${error.message}`);
  if (status !== 0) throw new Error(`${[command, ...args].join(" ")} failed:\n${stdout}${stderr}`);
  return stdout;
}
