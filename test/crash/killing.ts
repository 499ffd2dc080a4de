import type { Attempt, Delivery } from "@outhook/core";
import { startReceiver } from "@outhook/testkit";
import Database from "better-sqlite3";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { concurrency, openOuthook } from "./outhook.ts";
import { startChild, withDatabase } from "./processes.ts";

/** When a dispatcher lived, and which messages it had open when it was killed. */
type Life = { readonly from: number; readonly to: number; readonly openIds: readonly string[] };

/** A seeded generator, so that a failure can be run again with the seed it printed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * Kills a dispatcher so many times at random moments while another process sends, lets the rest be delivered, and holds the
 * log against what was accepted and what was received. Fails unless eight of ten kills hit an open request.
 */
export async function expectNothingLost({ kills }: { readonly kills: number }): Promise<void> {
  const seed = Number(process.env["OUTHOOK_TEST_SEED"] ?? Date.now() % 2 ** 32);
  console.log(`OUTHOOK_TEST_SEED=${seed}`);
  const random = randomOf(seed);
  const open = new Set<string>();
  // Slower than the sender, so that requests are open at any time; in a hurry once the killing is over.
  let slow = true;
  const receiver = await startReceiver({
    respond: async ({ headers }) => {
      const id = headers["webhook-id"] ?? "none";
      open.add(id);
      await pause(slow ? 60 + random() * 140 : 0);
      open.delete(id);
      return { status: 200 };
    },
  });
  try {
    await withDatabase(async (path) => {
      const outhook = openOuthook(path);
      await outhook.migrate();
      const acme = outhook.tenant("acme");
      const { endpoint } = await acme.endpoints.create({ url: receiver.url() });
      const sender = startChild("sender-process.ts", [path]);
      await sender.printed(1);

      const lives: Life[] = [];
      for (let kill = 0; kill < kills; kill += 1) {
        const from = Date.now();
        const dispatcher = startChild("dispatcher-process.ts", [path]);
        await dispatcher.printed(1);
        // Twice: nothing may be open at the very moment that was drawn, and such a kill would show nothing.
        await expect.poll(() => open.size, { timeout: 10_000, interval: 5 }).toBeGreaterThan(0);
        await pause(random() * 300);
        await expect.poll(() => open.size, { timeout: 10_000, interval: 5 }).toBeGreaterThan(0);
        const openIds = [...open];
        await dispatcher.kill();
        lives.push({ from, to: Date.now(), openIds });
        // What is still being answered here belongs to the dead one.
        open.clear();
      }
      await sender.end();
      slow = false;
      const accepted = sender.lines;

      await deliverTheRest(outhook);
      const log = await readLog(acme, endpoint.id);
      await outhook.close();

      const copies = new Map<string, number>();
      for (const { headers } of receiver.requests) {
        const id = headers["webhook-id"] ?? "none";
        copies.set(id, (copies.get(id) ?? 0) + 1);
      }
      const extra = [...copies.values()].reduce((sum, count) => sum + count - 1, 0);
      const lost = log.flatMap(({ delivery, attempts }) =>
        attempts
          .filter(({ errorClass }) => errorClass === "lost")
          .map(({ startedAt }) => ({ id: delivery.messageId, startedAt })),
      );
      const hits = lives.filter(({ from, to, openIds }) =>
        lost.some(({ id, startedAt }) => openIds.includes(id) && startedAt >= from && startedAt <= to),
      );
      console.log(
        `${accepted.length} accepted, ${receiver.requests.length} received, ${extra} extra copies, ` +
          `${lost.length} lost attempts, ${hits.length} of ${kills} kills hit an open request`,
      );

      expect(accepted.length).toBeGreaterThan(kills * 40);
      expect(accepted.filter((id) => !copies.has(id))).toEqual([]);
      expect(log.map(({ delivery }) => delivery.messageId).toSorted()).toEqual(accepted.toSorted());
      expect(new Set(log.map(({ delivery }) => delivery.status))).toEqual(new Set(["succeeded"]));
      // Open requests, and four times as many answers that are not written down yet.
      expect(extra).toBeLessThanOrEqual(kills * 5 * concurrency);
      for (const { delivery, attempts } of log) {
        const lostOnes = attempts.filter(({ errorClass }) => errorClass === "lost").length;
        expect(copies.get(delivery.messageId)).toBeLessThanOrEqual(1 + lostOnes);
      }
      expect(hits.length).toBeGreaterThanOrEqual(kills * 0.8);
      expect(new Database(path).pragma("integrity_check", { simple: true })).toBe("ok");
    });
  } finally {
    await receiver.close();
  }
}

export type Acme = ReturnType<ReturnType<typeof openOuthook>["tenant"]>;
type LogEntry = { readonly delivery: Delivery; readonly attempts: readonly Attempt[] };

/** Delivers until nothing is pending: the leases of the dead lapse meanwhile. */
async function deliverTheRest({ dispatcher }: ReturnType<typeof openOuthook>): Promise<void> {
  for (;;) {
    const { nextDueAt } = await dispatcher.runOnce();
    if (nextDueAt === null) return;
    await pause(Math.max(0, nextDueAt.getTime() - Date.now()));
  }
}

export async function readLog(acme: Acme, endpointId: string): Promise<readonly LogEntry[]> {
  const log: LogEntry[] = [];
  for (let startingAfter: string | undefined; ;) {
    const page = await acme.deliveries.list({ endpointId, limit: 100, startingAfter });
    log.push(...(await Promise.all(page.data.map(({ id }) => acme.deliveries.get(id)))));
    startingAfter = page.data.at(-1)?.id;
    if (!page.hasMore) return log;
  }
}
