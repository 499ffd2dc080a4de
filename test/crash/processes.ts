import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A child process whose printed lines can be read. */
export type Child = {
  readonly lines: readonly string[];
  /** Resolves when it has printed so many lines. */
  readonly printed: (count: number) => Promise<void>;
  readonly kill: () => Promise<void>;
  /** Closes its standard input and waits for its end. */
  readonly end: () => Promise<void>;
};

/** Starts a script of this folder on this Node, with this added to the environment. */
export function startChild(script: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Child {
  const child: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, script), ...args], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  const exited = once(child, "exit");
  const lines: string[] = [];
  const waiters = new Set<() => void>();
  if (child.stdout === null) throw new Error("the child has no standard output");
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    for (const wake of waiters) wake();
  });
  return {
    lines,
    printed: async (count) => {
      while (lines.length < count) {
        const more = new Promise<void>((resolve) => waiters.add(resolve));
        const [ended] = await Promise.race([more.then(() => [false]), exited.then(() => [true])]);
        if (ended === true && lines.length < count) throw new Error(`${script} ended after ${lines.length} lines`);
      }
    },
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
    end: async () => {
      child.stdin?.end();
      await exited;
    },
  };
}

/** Runs something with the path of a database in a folder that goes afterwards. */
export async function withDatabase(run: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "outhook-"));
  try {
    await run(join(folder, "outhook.db"));
  } finally {
    await rm(folder, { recursive: true });
  }
}
