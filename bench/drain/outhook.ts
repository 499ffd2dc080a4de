import { fillStore, prepareStore } from "../app/app.ts";
import { openOuthook } from "../stores.ts";
import type { Engine, Setup } from "./engine.ts";
import { nothing } from "./engine.ts";
import { createProgress } from "./tasks.ts";

const originShare = 4;

/** Outhook, each tenant with one endpoint. The messages are not fanned out when the clock starts. */
export async function openOuthookEngine(setup: Setup): Promise<Engine> {
  const { queue, targets, inFlight, perEndpoint, patterns, bytes } = setup;
  if (queue.kind !== "sqlite" && queue.kind !== "postgres") throw new Error(`Outhook has no store on ${queue.kind}`);
  // All endpoints are one receiver here: what bounds the requests to one origin is not to decide.
  const dispatcher = { concurrency: inFlight, perOrigin: inFlight * originShare, perEndpoint };
  const outhook = openOuthook(queue, { dispatcher });
  // It reports what is written down.
  const progress = createProgress(async () => true);
  outhook.on("delivery.succeeded", progress.add);
  return {
    prepare: () => prepareStore(queue, targets, { patterns }),
    enqueue: (range) => fillStore(queue, range, { tenants: targets.length, bytes }),
    ready: nothing,
    drain: async ({ count }) => {
      const drained = progress.drained(count);
      await outhook.dispatcher.start();
      await drained;
    },
    rest: () => outhook.dispatcher.stop({ graceMs: 1_000 }),
    close: () => outhook.close(),
  };
}
