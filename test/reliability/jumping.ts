import type { Reply } from "@outhook/testkit";
import { startReceiver } from "@outhook/testkit";
import { setTimeout as pause } from "node:timers/promises";
import { expect, onTestFinished } from "vitest";
import { openApp } from "./app.ts";
import type { Order } from "./processes.ts";
import { startApp } from "./processes.ts";
import { storedIn } from "./stored.ts";

const hourMs = 3_600_000;
const yearMs = 365 * 24 * hourMs;

/** What a wall clock can do. The monotonic one goes on. */
export const jumps: readonly Order[] = [
  { do: "shift", ms: hourMs },
  { do: "shift", ms: -hourMs },
  { do: "shift", ms: yearMs },
  { do: "shift", ms: -yearMs },
  { do: "freeze" },
];

/** How long it is watched after each jump whether it rests. */
const restMs = 200;

/**
 * Lets the wall clock of an app jump while a request is open and a retry is due in a minute. What is sent after each jump arrives
 * at once, dated by that clock, and the process rests. Resolves to what came of the open request and of the retry.
 */
export async function jumpAround(
  database: string,
): Promise<Readonly<Record<"held" | "failing", { readonly requests: number; readonly stored: string }>>> {
  let answer = (): void => undefined;
  const answered = new Promise<void>((resolve) => (answer = resolve));
  const receiver = await startReceiver({
    respond: async ({ path }): Promise<Reply> => {
      if (path === "/held") await answered;
      return { status: path === "/failing" ? 500 : 200 };
    },
  });
  onTestFinished(() => receiver.close());
  const outhook = openApp({ database });
  onTestFinished(() => outhook.close());
  await outhook.migrate();
  for (const tenant of ["held", "failing", "quick"]) {
    await outhook.tenant(tenant).endpoints.create({ url: receiver.url(`/${tenant}`), timeoutSeconds: 60 });
  }
  const app = await startApp({ database });
  const at = (path: string) => receiver.requests.filter((request) => request.path === path);
  const send = (tenant: string) => app.order({ do: "send", tenant, count: 1, bytes: 10 });
  await send("held");
  await send("failing");
  await receiver.waitFor(2, { timeoutMs: 10_000 });
  const read = async (id: string | undefined) => {
    const delivery = (await storedIn(database)).find(({ messageId }) => messageId === id);
    return [delivery?.status, ...(delivery?.attempts ?? [])].join(" ");
  };
  const idOf = (path: string) => at(path)[0]?.headers["webhook-id"];
  const ids = { held: idOf("/held"), failing: idOf("/failing") };

  await expect.poll(() => read(ids.failing), { timeout: 10_000 }).toBe("pending 500");

  for (const [index, jump] of jumps.entries()) {
    const jumpedAt = Date.now();
    await app.order(jump);
    await send("quick");
    await expect.poll(() => at("/quick").length, { timeout: 10_000, interval: 10 }).toBe(index + 1);
    const said = Number(at("/quick").at(-1)?.headers["webhook-timestamp"]) * 1_000;
    const expected = jumpedAt + (jump.do === "shift" ? jump.ms : 0);
    expect({ jump, isDated: Math.abs(said - expected) < 10_000 }).toEqual({ jump, isDated: true });
    const { cpuMs: before } = await app.order(jump);
    await pause(restMs);
    const { cpuMs: after } = await app.order(jump);
    expect({ jump, rests: after - before < restMs / 2 }).toEqual({ jump, rests: true });
  }
  answer();
  await expect.poll(() => read(ids.held), { timeout: 10_000 }).toMatch(/^succeeded/);
  app.signal("SIGTERM");
  expect(await app.ended).toMatchObject({ code: 0 });
  expect(app.errors).toEqual([]);
  return {
    held: { requests: at("/held").length, stored: await read(ids.held) },
    failing: { requests: at("/failing").length, stored: await read(ids.failing) },
  };
}
