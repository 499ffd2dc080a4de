import { OuthookError } from "@outhook/core/for-stores";
import { Worker } from "node:worker_threads";
import type { Answer, Call, Open } from "./call.ts";
import { changed } from "./call.ts";
import { uncarry } from "./carried-error.ts";
import { requireNode } from "./driver.ts";
import { entryFileBeside } from "./entry-file.ts";
import type { InnerOptions } from "./inner-store.ts";

/** A thread from its start to its end. It keeps the process alive only while a call is under way. */
export type RunningThread = {
  readonly call: (group: string, method: string, input: unknown) => Promise<unknown>;
  /** True when it takes no more calls, whatever ended it. */
  readonly hasEnded: () => boolean;
  /** `closed` when its store has closed and left nothing behind. */
  readonly end: (options: { readonly closed: boolean }) => Promise<void>;
};

type Pending = { readonly resolve: (result: unknown) => void; readonly reject: (error: unknown) => void };

/** Threads whose store was closed, for the next ones: to start one takes some hundred milliseconds. They keep no process alive. */
const idle = new Set<Worker>();
const mostIdle = 2;

/** `onChange` is called when somebody has written, while that is watched. */
export function startThread(options: InnerOptions, onChange: () => void): RunningThread {
  requireNode(process.versions.node);
  const thread = takeIdle() ?? createWorker();
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
  thread.postMessage({ open: options } satisfies Open);
  const pending = new Map<number, Pending>();
  let lastId = 0;
  let ended = false;

  const take = (id: number): Pending | undefined => {
    const call = pending.get(id);
    pending.delete(id);
    if (pending.size === 0) thread.unref();
    return call;
  };

  const breakDown = (cause?: unknown): void => {
    ended = true;
    const calls = [...pending.values()];
    pending.clear();
    for (const { reject } of calls) reject(brokenDown(options.path, cause));
  };

  const receive = (answers: readonly Answer[] | typeof changed): void => {
    if (answers === changed) {
      onChange();
      return;
    }
    for (const answer of answers) {
      const call = take(answer.id);
      if ("error" in answer) call?.reject(uncarry(answer.error));
      else call?.resolve(answer.result);
    }
  };
  const exit = (): void => breakDown();
  thread.on("message", receive).on("error", breakDown).on("exit", exit);

  return {
    call: (group, method, input) =>
      new Promise((resolve, reject) => {
        const id = (lastId += 1);
        const call: Call = { id, group, method, input };
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
        thread.postMessage(call);
        if (pending.size === 0) thread.ref();
        pending.set(id, { resolve, reject });
      }),
    hasEnded: () => ended,
    end: async ({ closed }) => {
      if (closed && !ended && pending.size === 0 && idle.size < mostIdle) {
        ended = true;
        thread.off("message", receive).off("error", breakDown).off("exit", exit);
        idle.add(thread);
        return;
      }
      thread.ref();
      await thread.terminate();
    },
  };
}

function createWorker(): Worker {
  const thread = new Worker(entryFileBeside(import.meta.url), {
    name: "outhook-sqlite",
    // What a call brings is soon done with; left alone, V8 lets it grow to 48 MiB before it looks.
    resourceLimits: { maxYoungGenerationSizeMb: 6 },
    ...(process.execArgv.some(isForInput) && { execArgv: process.execArgv.filter((flag) => !isForInput(flag)) }),
  });
  const drop = (): void => void idle.delete(thread);
  return thread.on("error", drop).on("exit", drop);
}

function takeIdle(): Worker | undefined {
  const [thread] = idle;
  if (thread === undefined) return undefined;
  idle.delete(thread);
  return thread;
}

/** Flags about the text that Node was given to run, which it refuses for a thread that runs a file. */
function isForInput(flag: string): boolean {
  return flag.startsWith("--input-type");
}

function brokenDown(path: string, cause: unknown): OuthookError {
  const message = cause instanceof Error ? ` (${cause.message.slice(0, 200)})` : "";
  return new OuthookError(
    "store_unavailable",
    `the thread of the store on ${path} ended in the middle of this call${message}: what the call was to write is written ` +
      "whole or not at all, but nobody can say which. The next call starts a new thread",
    { cause },
  );
}
