import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Line } from "./line.ts";
import type { AppOptions } from "./outhook.ts";

/** A dispatcher in a process of its own. */
export type DispatcherProcess = {
  /** Lines of its standard error. */
  readonly errors: readonly Line[];
  /** Resolves when its dispatcher has started. Rejects when it ended before. */
  readonly started: Promise<void>;
  readonly hasEnded: () => boolean;
  /** Such as `SIGSTOP`. */
  readonly signal: (signal: NodeJS.Signals) => void;
  /** By `SIGKILL`; resolves when it has ended. Also for one that has ended already. */
  readonly kill: () => Promise<void>;
  /** Closes its standard input, at which it stops; resolves when it has ended. */
  readonly end: () => Promise<void>;
};

/** Starts a dispatcher on the database of this URL. */
export function startDispatcher(url: string, options: AppOptions = {}): DispatcherProcess {
  const script = join(import.meta.dirname, "dispatcher-process.ts");
  const child = spawn(process.execPath, [script, url, JSON.stringify(options)], { stdio: "pipe" });
  const errors: Line[] = [];
  createInterface({ input: child.stderr }).on("line", (text) => errors.push({ text, at: Date.now() }));
  // Nobody reads what is written to a dead one.
  child.stdin.on("error", () => undefined);

  let ended = false;
  const closed = once(child, "close").then(() => {
    ended = true;
  });
  const started = Promise.race([
    once(createInterface({ input: child.stdout }), "line").then(() => undefined),
    closed.then(() => {
      throw new Error(["a dispatcher ended before it had started", ...errors.map(({ text }) => text)].join("\n"));
    }),
  ]);
  // One that is killed early need not be waited for.
  started.catch(() => undefined);

  return {
    errors,
    started,
    hasEnded: () => ended,
    signal: (signal) => void child.kill(signal),
    kill: async () => {
      child.kill("SIGKILL");
      await closed;
    },
    end: async () => {
      child.stdin.end();
      await closed;
    },
  };
}
