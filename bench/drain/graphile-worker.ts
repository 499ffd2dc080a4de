import { Logger, makeWorkerUtils, run } from "graphile-worker";
import type { Runner } from "graphile-worker";
import pg from "pg";
import type { Engine, Setup } from "./engine.ts";
import { nothing } from "./engine.ts";
import type { Send, Task } from "./hand-written.ts";
import { tunedSend, usualSend } from "./hand-written.ts";
import { createProgress, tasksOf } from "./tasks.ts";

const identifier = "deliver";
/** What it writes about every job would cost it more than the job. */
const logger = new Logger(() => () => undefined);

export async function openUsual(setup: Setup): Promise<Engine> {
  return open(setup, { send: usualSend(setup.targets), options: {} });
}

export async function openTuned(setup: Setup): Promise<Engine> {
  return open(setup, {
    send: tunedSend(setup.targets, setup.inFlight),
    options: {
      preparedStatements: true,
      localQueue: { size: 500 },
      completeJobBatchDelay: 5,
      failJobBatchDelay: 5,
    },
  });
}

function open(
  setup: Setup,
  { send, options }: { readonly send: Send; readonly options: GraphileConfig.WorkerOptions },
): Engine {
  if (setup.queue.kind !== "postgres") throw new Error("graphile-worker needs Postgres");
  const pool = new pg.Pool({ connectionString: setup.queue.url, max: 10 });
  let isClosing = false;
  const fail = (error: Error): void => {
    // The database may be dropped before the last connection has ended.
    if (!isClosing) throw error;
  };
  // It says of each pool without both that it has none.
  pool.on("error", fail).on("connect", (client) => client.on("error", fail));
  const progress = createProgress(async () => {
    const { rows } = await pool.query("select not exists (select from graphile_worker._private_jobs) as empty");
    return rows[0].empty;
  });
  const taskList = {
    [identifier]: async (payload: unknown): Promise<void> => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `enqueue` wrote it
      await send(payload as Task);
      progress.add();
    },
  };
  let runner: Runner | null = null;
  return {
    prepare: async () => {
      const utils = await makeWorkerUtils({ pgPool: pool, logger });
      await utils.migrate();
      await utils.release();
    },
    enqueue: async (range) => {
      const utils = await makeWorkerUtils({ pgPool: pool, logger });
      for (const tasks of tasksOf(range, setup)) await utils.addJobs(tasks.map((payload) => ({ identifier, payload })));
      await utils.release();
    },
    ready: nothing,
    drain: async ({ count }) => {
      const drained = progress.drained(count);
      runner = await run({
        pgPool: pool,
        taskList,
        logger,
        noHandleSignals: true,
        preset: { worker: { ...options, concurrentJobs: setup.inFlight } },
      });
      await drained;
    },
    rest: async () => await runner?.stop(),
    close: async () => {
      isClosing = true;
      await pool.end();
    },
  };
}
