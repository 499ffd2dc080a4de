import { setTimeout as pause } from "node:timers/promises";
import type { AnyEvents, Outhook } from "../../packages/core/src/index.ts";
import { eventType, tenantOf } from "../messages.ts";
import { nowMs } from "../receiver/now.ts";

export type SteadyLoad = {
  readonly tenants: number;
  readonly perSecond: number;
  readonly seconds: number;
  /** What makes the body as large as it is to be. */
  readonly note?: string | undefined;
};

/**
 * Sends so many messages a second, each at its time, whatever became of those before it. `data.dueAt` is when it was to be
 * sent, so that what the sender is late by counts too.
 */
export async function sendSteadily(outhook: Outhook<AnyEvents, never>, load: SteadyLoad): Promise<void> {
  const { tenants, perSecond, seconds, note = "" } = load;
  const start = nowMs();
  const sends: Promise<unknown>[] = [];
  for (let n = 0; n < perSecond * seconds; n += 1) {
    const dueAt = start + (n * 1_000) / perSecond;
    const early = dueAt - nowMs();
    if (early > 1) await pause(early);
    sends.push(outhook.tenant(tenantOf(n % tenants)).send(eventType, { n, dueAt, note }));
  }
  await Promise.all(sends);
}
