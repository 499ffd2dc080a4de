import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** A process of this folder that answers whatever it is sent. */
export type Answering<Answer> = {
  /** What it said first. */
  readonly first: unknown;
  readonly ask: () => Promise<Answer>;
  readonly end: () => Promise<void>;
};

/** What a dispatcher's process answers. */
export type DispatcherAnswer = { readonly settled: number; readonly cpu: NodeJS.CpuUsage };

/** What the receiver's process answers. */
export type ReceiverAnswer = { readonly received: number; readonly repeated: number; readonly cpu: NodeJS.CpuUsage };

/** Starts one and waits until it says something. */
export async function startProcess<Answer>(script: string, args: readonly string[]): Promise<Answering<Answer>> {
  const child = fork(join(import.meta.dirname, script), args);
  return {
    first: await nextOf(child, script),
    ask: async () => {
      child.send("tell");
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the scripts stand beside this one
      return (await nextOf(child, script)) as Answer;
    },
    end: async () => {
      if (child.exitCode !== null) return;
      child.disconnect();
      await once(child, "exit");
    },
  };
}

async function nextOf(child: ChildProcess, script: string): Promise<unknown> {
  const ended = new AbortController();
  try {
    const [value] = await Promise.race([
      once(child, "message", { signal: ended.signal }),
      once(child, "exit", { signal: ended.signal }).then(() => Promise.reject(new Error(`${script} has ended`))),
    ]);
    return value;
  } finally {
    ended.abort();
  }
}
