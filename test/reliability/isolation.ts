import type { Store } from "@outhook/core";
import { expect } from "vitest";
import { startCrowd } from "./hanging.ts";

/** Of a dispatcher's slots, those that all that hang may take. */
const shareOfHanging = 3 / 4;

/** Endpoints, and what waits for those that hang. */
export type Load = {
  readonly healthy: number;
  readonly hanging: number;
  /** Messages for each that hangs. */
  readonly each: number;
  /** Slots of the dispatcher. Default 256, as in the options. */
  readonly concurrency?: number;
};

/** Measures how long messages to endpoints that answer take, alone and beside others that never do, which delay nobody else. */
export async function expectIsolated(store: Store, { healthy, hanging, each, concurrency = 256 }: Load): Promise<void> {
  const crowd = await startCrowd(store, { healthy, concurrency });
  const load = { each: 4, everyMs: 3 };
  await crowd.sendToHealthy(load);
  const alone = median(await crowd.sendToHealthy(load));
  await crowd.fillHanging({ endpoints: hanging, each });
  const beside = median(await crowd.sendToHealthy(load));
  console.log(`${hanging} that hang, ${each} waiting each: ${alone} ms alone, ${beside} ms beside them`);
  expect(crowd.hanging()).toBeLessThanOrEqual(concurrency * shareOfHanging);
  // Generous: other processes may take the machine in between.
  expect(beside).toBeLessThan(alone * 2 + 100);
}

function median(values: readonly number[]): number {
  return Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN);
}
