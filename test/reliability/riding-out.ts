import { isOuthookError } from "@outhook/core";
import { startReceiver } from "@outhook/testkit";
import { setTimeout as pause } from "node:timers/promises";
import { expect, onTestFinished } from "vitest";
import { openApp } from "./app.ts";
import { countsIn, storedIn } from "./stored.ts";

/** Something that a database does to an app for a while. */
export type DatabaseFault = {
  readonly strike: () => Promise<void>;
  readonly relieve: () => Promise<void>;
  /** What `send` may reject with meanwhile. */
  readonly refusals: readonly ("store_unavailable" | "store_busy")[];
  /** Whether `send` has to. Default true. */
  readonly mustRefuse?: boolean | undefined;
  /** How long it lasts, at least. Default 700. */
  readonly lastsMs?: number | undefined;
  /** Of the app's store. Default 400. */
  readonly lockWaitMs?: number | undefined;
};

const tenants = ["a", "b", "c"];

/**
 * Sends and delivers while a fault comes and goes. Every send that rejects says why, the rest goes on by itself within 5 s, and
 * in the end all that was accepted was received once, in one attempt.
 */
export async function expectRidesOut(database: string, fault: DatabaseFault): Promise<void> {
  const { mustRefuse = true, lastsMs = 700, lockWaitMs = 400 } = fault;
  const receiver = await startReceiver({ respond: () => ({ status: 200, delayMs: 30 }) });
  onTestFinished(() => receiver.close());
  const logged: number[] = [];
  const log = (): void => void logged.push(Date.now());
  const outhook = openApp({ database, lockWaitMs }, { warn: log, error: log });
  onTestFinished(() => outhook.close({ graceMs: 1_000 }));
  await outhook.migrate();
  for (const tenant of tenants) await outhook.tenant(tenant).endpoints.create({ url: receiver.url() });
  await outhook.dispatcher.start();

  const accepted: { readonly id: string; readonly at: number }[] = [];
  const refused: unknown[] = [];
  let sending = true;
  const sendOn = async (tenant: string): Promise<void> => {
    while (sending) {
      try {
        const { id } = await outhook.tenant(tenant).send("loan.active", {});
        accepted.push({ id, at: Date.now() });
      } catch (error) {
        refused.push(isOuthookError(error) ? error.code : error);
      }
      await pause(20);
    }
  };
  const sends = tenants.map(sendOn);
  await receiver.waitFor(20, { timeoutMs: 10_000 });

  const struckAt = Date.now();
  await fault.strike();
  if (mustRefuse) {
    await expect.poll(() => refused.length, { timeout: 10_000, interval: 20 }).toBeGreaterThan(0);
  }
  await pause(Math.max(0, lastsMs - (Date.now() - struckAt)));
  await fault.relieve();
  const relievedAt = Date.now();
  const sent = () => accepted.find(({ at }) => at > relievedAt);
  const received = () => receiver.requests.find(({ receivedAt }) => receivedAt > relievedAt);
  await expect.poll(() => [sent(), received()].includes(undefined), { timeout: 10_000, interval: 10 }).toBe(false);
  const recoveredMs = Math.max(sent()?.at ?? 0, received()?.receivedAt ?? 0) - relievedAt;
  sending = false;
  await Promise.all(sends);
  await expect.poll(() => countsIn(database), { timeout: 15_000 }).toEqual({ succeeded: accepted.length });

  const lines = logged.filter((at) => at <= relievedAt + recoveredMs).length;
  console.log(
    `${accepted.length} accepted, ${refused.length} refused in ${relievedAt - struckAt} ms, ${lines} lines logged; ` +
      `went on after ${recoveredMs} ms`,
  );
  const stored = await storedIn(database);
  expect(stored.map(({ messageId }) => messageId).toSorted()).toEqual(accepted.map(({ id }) => id).toSorted());
  expect(stored.filter(({ attempts }) => attempts.join() !== "200")).toEqual([]);
  expect(receiver.requests).toHaveLength(accepted.length);
  expect(fault.refusals).toEqual(expect.arrayContaining([...new Set(refused)]));
  expect(recoveredMs).toBeLessThan(5_000);
  // One a second for all that is said of a store that is away, and one more when it begins.
  expect(lines).toBeLessThanOrEqual((relievedAt + recoveredMs - struckAt) / 1_000 + 2);
}
