import type { Reply } from "@outhook/testkit";
import { startReceiver } from "@outhook/testkit";
import { setTimeout as pause } from "node:timers/promises";
import { expect, onTestFinished } from "vitest";
import { openApp } from "./app.ts";
import type { ProcessOptions } from "./processes.ts";
import { startApp } from "./processes.ts";
import { countsIn, storedIn } from "./stored.ts";

/** When the one that takes over starts. */
export type Successor = "runs already" | "starts when the first has ended";

const graceMs = 1_000;
/** More than are open at once to an endpoint that has never answered, and than wait behind those. */
const toHanging = 48;
/** So many of them are open at least. */
const leastOpen = 4;
/** What the end of a process, and a busy machine, may take on top. */
const toleranceMs = 600;
const quick = Array.from({ length: 8 }, (_, n) => `quick-${n}`);

/**
 * Ends an app by SIGTERM that sends and delivers, with requests open that end in time and others that do not, and more
 * waiting behind them. It ends by itself in time with the code 0, nothing of it is lost, only what was cut off comes twice, and
 * another process takes up what it left within a second.
 */
export async function expectHandOver(database: string, successor: Successor): Promise<void> {
  const open = new Map<string, number>();
  const receiver = await startReceiver({
    respond: async ({ path, headers }, n): Promise<Reply> => {
      const { "user-agent": name = "none", "webhook-id": id = "none" } = headers;
      if (name !== "first") return { status: 200 };
      open.set(id, Date.now());
      // Those of the first process that are to be cut off.
      if (path === "/hangs") return "hang";
      await pause(50 + (n % 11) * 10);
      open.delete(id);
      return { status: 200 };
    },
  });
  onTestFinished(() => receiver.close());
  const outhook = openApp({ database });
  await outhook.migrate();
  for (const tenant of quick) await outhook.tenant(tenant).endpoints.create({ url: receiver.url(`/${tenant}`) });
  await outhook.tenant("hangs").endpoints.create({ url: receiver.url("/hangs"), timeoutSeconds: 60 });
  await outhook.close();

  const start = (name: string, options: Partial<ProcessOptions>) => startApp({ database, name, graceMs, ...options });
  const first = await start("first", { sends: { tenants: quick, everyMs: 20 } });
  first.begin({ do: "send", tenant: "hangs", count: toHanging, bytes: 10 });
  const hanging = () => receiver.requests.filter(({ path }) => path === "/hangs");
  await expect.poll(() => hanging().length, { timeout: 10_000 }).toBeGreaterThanOrEqual(leastOpen);
  await expect.poll(() => receiver.requests.length, { timeout: 10_000 }).toBeGreaterThan(60);
  const second = successor === "runs already" ? await start("second", {}) : null;

  const signalledAt = Date.now();
  first.signal("SIGTERM");
  const ended = await first.ended;
  expect(ended).toMatchObject({ code: 0, signal: null });
  expect(ended.at - signalledAt).toBeLessThan(graceMs + toleranceMs);
  const heir = second ?? (await start("second", {}));
  const readyAt = Date.now();

  // Everything that was left: the cut ones, those that waited behind them, and what was not fanned out yet.
  await expect.poll(() => countsIn(database), { timeout: 15_000 }).toEqual({ succeeded: first.accepted().length });
  const taken = hanging().filter(({ headers }) => headers["user-agent"] === "second");
  const sinceMs = (at: number): number => at - (second === null ? readyAt : ended.at);
  const cut = new Set(
    hanging().flatMap(({ headers }) => (headers["user-agent"] === "first" ? headers["webhook-id"] : [])),
  );
  const again = taken.filter(({ headers }) => cut.has(headers["webhook-id"]));
  const startedMs = sinceMs(Math.min(...again.map(({ receivedAt }) => receivedAt)));
  const doneMs = sinceMs(Math.max(...taken.map(({ receivedAt }) => receivedAt)));
  expect(new Set(taken.map(({ headers }) => headers["webhook-id"])).size).toBe(toHanging);
  expect(startedMs).toBeLessThan(1_000);
  expect(doneMs).toBeLessThan(5_000);

  const stored = await storedIn(database);
  expect(stored.map(({ messageId }) => messageId).toSorted()).toEqual(first.accepted().toSorted());
  expect(stored.filter(({ attempts }) => attempts.join() !== "200")).toEqual([]);
  const copies = receiver.requests.length - stored.length;
  console.log(
    `${stored.length} accepted; ended ${ended.at - signalledAt} ms after SIGTERM; ${copies} copies; ` +
      `what was cut off was begun again ${startedMs} ms, and everything by ${doneMs} ms after ${second === null ? "the start of the next" : "its end"}`,
  );
  expect(copies).toBe(hanging().length - taken.length);
  expect([...first.errors, ...heir.errors]).toEqual([]);
  heir.signal("SIGTERM");
  expect(await heir.ended).toMatchObject({ code: 0 });
}
