import pg from "pg";
import { PgBoss } from "pg-boss";
import type { WorkOptions } from "pg-boss";
import type { Engine, Setup } from "./engine.ts";
import { nothing } from "./engine.ts";
import type { Send, Task } from "./hand-written.ts";
import { tunedSend, usualSend } from "./hand-written.ts";
import { createGate, createProgress, tasksOf } from "./tasks.ts";

const queueName = "deliver";

export async function openUsual(setup: Setup): Promise<Engine> {
  const options = { localConcurrency: setup.inFlight, pollingIntervalSeconds: 0.5 };
  return await open(setup, { send: usualSend(setup.targets), options });
}

export async function openTuned(setup: Setup): Promise<Engine> {
  const options = { localConcurrency: 4, batchSize: 256, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 };
  return await open(setup, { send: tunedSend(setup.targets, setup.inFlight), options });
}

async function open(
  setup: Setup,
  { send, options }: { readonly send: Send; readonly options: WorkOptions },
): Promise<Engine> {
  if (setup.queue.kind !== "postgres") throw new Error("pg-boss needs Postgres");
  const pool = new pg.Pool({ connectionString: setup.queue.url, max: 1 });
  // Its supervision and its timetables have nothing to do here.
  const boss = new PgBoss({ connectionString: setup.queue.url, max: 10, supervise: false, schedule: false });
  boss.on("error", (error) => {
    throw error;
  });
  await boss.start();
  const gate = createGate(setup.inFlight);
  const progress = createProgress(async () => {
    const { rows } = await pool.query("select not exists (select from pgboss.job where state < 'completed') as empty");
    return rows[0].empty;
  });
  return {
    prepare: () => boss.createQueue(queueName),
    enqueue: async (range) => {
      for (const tasks of tasksOf(range, setup))
        await boss.insert(
          queueName,
          tasks.map((data) => ({ data })),
        );
    },
    ready: nothing,
    drain: async ({ count }) => {
      const drained = progress.drained(count);
      await boss.work<Task>(queueName, options, async (jobs) => {
        await Promise.all(jobs.map(({ data }) => gate(() => send(data)).then(progress.add)));
      });
      await drained;
    },
    rest: () => boss.offWork(queueName),
    close: async () => {
      await boss.stop();
      await pool.end();
    },
  };
}
