import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { pageLimit } from "./page-limit.ts";
import type { AppOptions } from "./app.ts";

export type ProcessOptions = AppOptions & {
  /** Default true. */
  readonly dispatches?: boolean | undefined;
  /** Sends a message to each of these tenants at once, and again when all are accepted and so much time has passed. */
  readonly sends?:
    | { readonly tenants: readonly string[]; readonly everyMs: number; readonly bytes?: number | undefined }
    | undefined;
  /** Of its `close` at SIGTERM. Default 2,000. */
  readonly graceMs?: number | undefined;
  /** How many pages its SQLite file may have until it is told to lift that. */
  readonly pages?: number | undefined;
};

/** What a process can be told to do. */
export type Order =
  | { readonly do: "send"; readonly tenant: string; readonly count: number; readonly bytes: number }
  /** Moves its wall clock so far from the real one; its monotonic clock goes on. */
  | { readonly do: "shift"; readonly ms: number }
  /** Stops its wall clock. */
  | { readonly do: "freeze" }
  /** Lifts the limit of pages. */
  | { readonly do: "make room" }
  /** Does nothing: to be told how it fares. */
  | { readonly do: "report" }
  /** Keeps its event loop busy until this file exists. */
  | { readonly do: "stall"; readonly until: string };

/** What a process tells. */
export type Report =
  | { readonly ready: true }
  | { readonly accepted: string }
  | { readonly refused: string }
  | { readonly stalls: true }
  | { readonly done: Order["do"]; readonly cpuMs: number; readonly rssMiB: number };

/** How a process ended. */
export type Ended = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Epoch milliseconds. */
  readonly at: number;
};

/** An app in a process of its own, which ends with the test at the latest. */
export type AppProcess = {
  readonly pid: number;
  readonly reports: readonly Report[];
  /** Lines of its standard error, and when they came. */
  readonly errors: readonly { readonly text: string; readonly at: number }[];
  /** Ids of messages for which `send` has resolved. */
  readonly accepted: () => readonly string[];
  /** Resolves when it has done this. */
  readonly order: (order: Order) => Promise<Extract<Report, { done: unknown }>>;
  /** Without waiting for the end of it. */
  readonly begin: (order: Order) => void;
  /** Resolves when its event loop has begun to stand still, until there is such a file. */
  readonly stall: (until: string) => Promise<void>;
  readonly signal: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<Ended>;
};

/** Starts one, after `prefix` where something is to start it. Resolves when its dispatcher has started. */
export async function startApp(options: ProcessOptions, prefix: readonly string[] = []): Promise<AppProcess> {
  const script = join(import.meta.dirname, "app-process.ts");
  const { pages } = options;
  const limiter = pages === undefined ? [] : ["--import", import.meta.resolve("./page-limit.ts")];
  const [command, ...args] = [...prefix, process.execPath, ...limiter, script, JSON.stringify(options)];
  const env = pages === undefined ? process.env : { ...process.env, [pageLimit]: String(pages) };
  const child = spawn(command, args, { stdio: "pipe", env });
  const reports: Report[] = [];
  const errors: { text: string; at: number }[] = [];
  const watchers = new Set<() => void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    reports.push(JSON.parse(line));
    for (const watch of watchers) watch();
  });
  createInterface({ input: child.stderr }).on("line", (text) => errors.push({ text, at: Date.now() }));
  child.stdin.on("error", () => undefined);
  const ended = once(child, "close").then(([code, signal]): Ended => ({ code, signal, at: Date.now() }));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });

  const told = async <R>(find: () => R | undefined): Promise<R> => {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      let watch = (): void => undefined;
      const more = new Promise<null>((resolve) => (watch = () => resolve(null)));
      watchers.add(watch);
      const end = await Promise.race([more, ended]);
      watchers.delete(watch);
      if (end !== null && find() === undefined) {
        throw new Error([`a process ended too early: ${end.code}`, ...errors.map(({ text }) => text)].join("\n"));
      }
    }
  };
  const begin = (order: Order): void => void child.stdin.write(`${JSON.stringify(order)}\n`);

  await told(() => reports.find((report) => "ready" in report));
  return {
    pid: child.pid ?? 0,
    reports,
    errors,
    accepted: () => reports.flatMap((report) => ("accepted" in report ? [report.accepted] : [])),
    order: async (order) => {
      const before = reports.length;
      begin(order);
      return await told(() =>
        reports.slice(before).find((report): report is Extract<Report, { done: unknown }> => "done" in report),
      );
    },
    begin,
    stall: async (until) => {
      begin({ do: "stall", until });
      await told(() => reports.find((report) => "stalls" in report));
    },
    signal: (signal) => void child.kill(signal),
    ended,
  };
}
