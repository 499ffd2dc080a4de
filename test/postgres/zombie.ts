import type { DispatcherOptions } from "@outhook/core";
import type { Reply } from "@outhook/testkit";
import { startReceiver } from "@outhook/testkit";
import { expect, onTestFinished } from "vitest";
import { readRow } from "./database.ts";
import { openOuthook } from "./outhook.ts";
import type { DispatcherProcess } from "./processes.ts";
import { startDispatcher } from "./processes.ts";
import { refusedIn } from "./watched-store.ts";

/** Its leases outlast any zombie here. */
const patient: DispatcherOptions = { leaseMs: 600_000, maxTimeoutSeconds: 60 };

/**
 * Freezes a dispatcher with two requests open, lets another take both over once the leases are over, and wakes the first
 * when the new owner has settled one of them and still has the other one open. Nothing of what it then wants to settle counts.
 */
export async function expectRefused(input: {
  readonly url: string;
  /** How the one that freezes is set. */
  readonly dispatcher: DispatcherOptions;
  /** Resolves when a lease that ends then, by the database's clock, has been over for long enough. */
  readonly outlive: (leasedUntil: number) => Promise<void>;
  /** What the zombie wants its deliveries to become. */
  readonly wanted: "failed" | "pending";
}): Promise<void> {
  const { url, dispatcher, outlive, wanted } = input;
  const frozen = gate();
  const awoken = gate();
  let slowId = "none";
  const receiver = await startReceiver({
    respond: async ({ headers }): Promise<Reply> => {
      if (headers["user-agent"] === "zombie") {
        await frozen.passed;
        return { status: 410 };
      }
      if (headers["webhook-id"] === slowId) await awoken.passed;
      return { status: 200 };
    },
  });
  onTestFinished(() => receiver.close());
  const outhook = openOuthook(url, { dispatcher: patient });
  onTestFinished(() => outhook.close());
  const start = async (name: string, options: DispatcherOptions): Promise<DispatcherProcess> => {
    const started = startDispatcher(url, { name, dispatcher: options, watched: "told" });
    // Also one that is frozen.
    onTestFinished(() => started.kill());
    await started.started;
    return started;
  };
  await outhook.migrate();
  const acme = outhook.tenant("acme");
  const { endpoint } = await acme.endpoints.create({ url: receiver.url(), timeoutSeconds: 60 });
  const zombie = await start("zombie", dispatcher);
  const { id: quick } = await acme.send("loan.active", { quick: true });
  const { id: slow } = await acme.send("loan.active", { quick: false });
  slowId = slow;
  const read = async (id: string) => {
    const [delivery] = (await acme.messages.get(id)).deliveries;
    const { attempts } = await acme.deliveries.get(delivery?.id ?? "none");
    return { status: delivery?.status, attempts: attempts.map((one) => one.errorClass ?? one.statusCode) };
  };
  await receiver.waitFor(2, { timeoutMs: 10_000 });

  zombie.signal("SIGSTOP");
  frozen.open();
  const { until } = await readRow(url, "select max(due_at) as until from outhook_deliveries");
  await outlive(Number(until));
  const owner = await start("owner", patient);
  await receiver.waitFor(4, { timeoutMs: 30_000 });
  const settled = { status: "succeeded", attempts: ["lost", 200] };
  const leased = { status: "pending", attempts: ["lost"] };
  await expect.poll(() => read(quick), { timeout: 10_000 }).toEqual(settled);

  zombie.signal("SIGCONT");
  await expect.poll(() => refusedIn(zombie.errors), { timeout: 10_000 }).toEqual([wanted, wanted]);
  expect(await read(quick)).toEqual(settled);
  expect(await read(slow)).toEqual(leased);

  awoken.open();
  await expect.poll(() => read(slow), { timeout: 10_000 }).toEqual(settled);
  expect(await read(quick)).toEqual(settled);
  expect(refusedIn(owner.errors)).toEqual([]);
  expect((await acme.endpoints.get(endpoint.id)).status).toBe("active");
  expect(receiver.requests.map(({ headers }) => headers["user-agent"])).toEqual(["zombie", "zombie", "owner", "owner"]);
  // That it was too late is no fault of the store, and the log of attempts tells of it.
  expect(zombie.errors.filter(({ text }) => text.includes("record"))).toEqual([]);
}

/** Something to wait for until it is opened. */
function gate(): { readonly open: () => void; readonly passed: Promise<void> } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { open: () => open(), passed };
}
