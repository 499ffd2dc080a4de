import { startReceiver } from "@outhook/testkit";
import Database from "better-sqlite3";
import { expect, onTestFinished } from "vitest";
import { openApp } from "./app.ts";
import type { AppProcess, ProcessOptions } from "./processes.ts";
import { countsIn, storedIn } from "./stored.ts";

/** How large a disk is at first. */
export const roomBytes = 2_000_000;

/** A disk that can be filled. */
export type Disk = {
  readonly database: string;
  /** Starts the app on it. */
  readonly start: (options: ProcessOptions) => Promise<AppProcess>;
  /** Of each message. Large ones fill the disk before what the dispatcher writes does. */
  readonly bodyBytes: number;
  readonly makeRoom: (app: AppProcess) => Promise<void>;
};

/** Fills the disk of an app that sends and delivers, and makes room again. */
export async function expectGoesOn({ database, start, bodyBytes, makeRoom }: Disk): Promise<void> {
  // What is answered is kept, so that also outcomes find no room.
  const receiver = await startReceiver({ respond: () => ({ status: 200, delayMs: 20, body: "x".repeat(2_000) }) });
  onTestFinished(() => receiver.close());
  const outhook = openApp({ database });
  await outhook.migrate();
  await outhook.tenant("acme").endpoints.create({ url: receiver.url() });
  await outhook.close();

  const app = await start({ database, sends: { tenants: ["acme"], everyMs: 5, bytes: bodyBytes } });
  const refused = () => app.reports.flatMap((report) => ("refused" in report ? [report.refused] : []));
  await expect.poll(() => refused().length, { timeout: 20_000, interval: 20 }).toBeGreaterThan(3);
  const before = app.accepted().length;
  expect(before).toBeGreaterThan(10);
  const { cpuMs: from } = await app.order({ do: "report" });
  const fullAt = Date.now();
  const enough = refused().length + 40;
  const isFelt = (): boolean => refused().length >= enough && app.errors.length > 0;
  await expect.poll(isFelt, { timeout: 10_000, interval: 20 }).toBe(true);
  const { cpuMs: to } = await app.order({ do: "report" });
  const fullMs = Date.now() - fullAt;
  const lines = app.errors.length;

  await makeRoom(app);
  const roomAt = Date.now();
  await expect.poll(() => app.accepted().length, { timeout: 10_000, interval: 10 }).toBeGreaterThan(before);
  const sentMs = Date.now() - roomAt;
  app.signal("SIGTERM");
  expect(await app.ended).toMatchObject({ code: 0 });
  const successor = openApp({ database });
  onTestFinished(() => successor.close());
  await successor.dispatcher.start();
  const accepted = app.accepted();
  await expect.poll(() => countsIn(database), { timeout: 20_000 }).toEqual({ succeeded: accepted.length });

  console.log(
    `${before} accepted before it was full, ${refused().length} refused in ${fullMs} ms and more, ${lines} lines logged, ` +
      `${to - from} ms of processor time; sends were accepted ${sentMs} ms after there was room`,
  );
  expect(new Set(refused())).toEqual(new Set(["store_unavailable"]));
  const stored = await storedIn(database);
  expect(stored.map(({ messageId }) => messageId).toSorted()).toEqual(accepted.toSorted());
  expect(stored.filter(({ attempts }) => attempts.join() !== "200")).toEqual([]);
  expect(receiver.requests).toHaveLength(accepted.length);
  expect(to - from).toBeLessThan(0.8 * fullMs);
  expect(lines).toBeLessThanOrEqual(fullMs / 1_000 + 3);
  const db = new Database(database);
  expect(db.pragma("integrity_check", { simple: true })).toBe("ok");
  db.close();
}
