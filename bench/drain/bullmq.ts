import { Queue, Worker } from "bullmq";
import type { JobsOptions } from "bullmq";
import { Redis } from "ioredis";
import type { Engine, Setup } from "./engine.ts";
import type { Send, Task } from "./hand-written.ts";
import { tunedSend, usualSend } from "./hand-written.ts";
import { createProgress, tasksOf } from "./tasks.ts";

/** `jobs` are the options of each; the workers share what is in flight. */
type Manner = { readonly send: Send; readonly workers: number; readonly jobs: JobsOptions };

export async function openUsual(setup: Setup): Promise<Engine> {
  return open(setup, { send: usualSend(setup.targets), workers: 1, jobs: { attempts: 6 } });
}

export async function openTuned(setup: Setup): Promise<Engine> {
  const jobs = { attempts: 6, removeOnComplete: true };
  return open(setup, { send: tunedSend(setup.targets, setup.inFlight), workers: 4, jobs });
}

function open(setup: Setup, { send, workers, jobs }: Manner): Engine {
  if (setup.queue.kind !== "redis") throw new Error("BullMQ needs Redis");
  const { url } = setup.queue;
  // Of this setup alone: a server that the environment names may hold others.
  const name = `outhook-bench-${new URL(setup.targets[0]?.url ?? url).port}`;
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const queue = new Queue<Task>(name, { connection });
  const progress = createProgress(async () => {
    const counts = await queue.getJobCounts("active", "waiting");
    return Object.values(counts).every((count) => count === 0);
  });
  const handle = async ({ data }: { readonly data: Task }): Promise<void> => {
    await send(data);
    progress.add();
  };
  let running: readonly Worker<Task>[] = [];
  return {
    prepare: async () => await queue.obliterate({ force: true }),
    enqueue: async (range) => {
      for (const tasks of tasksOf(range, setup))
        await queue.addBulk(tasks.map((data) => ({ name: "deliver", data, opts: jobs })));
    },
    ready: async () => {
      const options = { connection, concurrency: setup.inFlight / workers, autorun: false };
      running = Array.from({ length: workers }, () => new Worker<Task>(name, handle, options));
      await Promise.all(running.map((worker) => worker.waitUntilReady()));
    },
    drain: async ({ count }) => {
      const drained = progress.drained(count);
      for (const worker of running) void worker.run();
      await drained;
    },
    rest: async () => void (await Promise.all(running.map((worker) => worker.close()))),
    close: async () => {
      await queue.obliterate({ force: true });
      await queue.close();
      connection.disconnect();
    },
  };
}
