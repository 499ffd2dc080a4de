import { execFileSync, spawnSync } from "node:child_process";

/** True when this machine has the program and lets it do this. */
export function canRun(program: string, ...args: readonly string[]): boolean {
  return spawnSync(program, args).status === 0;
}

/** Runs a program to its end. Throws when it fails. */
export function run(program: string, ...args: readonly string[]): void {
  execFileSync(program, args);
}
