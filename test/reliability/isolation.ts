import type { Store } from "@outhook/core";
import { expect } from "vitest";
import { startCrowd } from "./hanging.ts";

/** Open to all that hang, at most: three quarters of a dispatcher's slots. */
const mostOpen = 192;

/** Measures how long messages to endpoints that answer take, alone and beside others that never do, which delay nobody else. */
export async function expectIsolated(
  store: Store,
  { healthy, endpoints, each }: { readonly healthy: number; readonly endpoints: number; readonly each: number },
): Promise<void> {
  const crowd = await startCrowd(store, { healthy });
  const load = { each: 4, everyMs: 3 };
  await crowd.sendToHealthy(load);
  const alone = median(await crowd.sendToHealthy(load));
  await crowd.fillHanging({ endpoints, each });
  const beside = median(await crowd.sendToHealthy(load));
  console.log(`${endpoints} that hang, ${each} waiting each: ${alone} ms alone, ${beside} ms beside them`);
  expect(crowd.hanging()).toBeLessThanOrEqual(mostOpen);
  // Generous: other processes may take the machine in between.
  expect(beside).toBeLessThan(alone * 2 + 100);
}

function median(values: readonly number[]): number {
  return Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN);
}
