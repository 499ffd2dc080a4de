import type { Reply } from "@outhook/testkit";
import { startReceiver } from "@outhook/testkit";
import { expect, onTestFinished } from "vitest";
import type { DispatcherOptions } from "@outhook/core";
import { openApp } from "./app.ts";
import type { AppProcess } from "./processes.ts";
import { startApp } from "./processes.ts";
import { newFile, storedIn } from "./stored.ts";

/**
 * Stops a dispatcher with two requests open, on SQLite, lets another one make them again when their leases are over, and lets the
 * first go on when the other has settled one and has the other one open. The first then has two answers that would disable the
 * endpoint. Nothing of what it wants to settle counts.
 */
export async function expectOvertaken(input: {
  readonly dispatcher?: DispatcherOptions | undefined;
  /** Resolves when it does nothing any more. */
  readonly halt: (app: AppProcess) => Promise<void>;
  /** Resolves when its leases are over. */
  readonly outlive: (database: string) => Promise<void>;
  readonly resume: (app: AppProcess) => Promise<void>;
}): Promise<void> {
  const { dispatcher, halt, outlive, resume } = input;
  const halted = gate();
  const resumed = gate();
  let slowId = "none";
  const receiver = await startReceiver({
    respond: async ({ headers }): Promise<Reply> => {
      if (headers["user-agent"] === "first") {
        await halted.passed;
        return { status: 410 };
      }
      if (headers["webhook-id"] === slowId) await resumed.passed;
      return { status: 200 };
    },
  });
  onTestFinished(() => receiver.close());
  const database = await newFile();
  const outhook = openApp({ database, name: "second", dispatcher });
  onTestFinished(() => outhook.close());
  await outhook.migrate();
  const acme = outhook.tenant("acme");
  const { endpoint } = await acme.endpoints.create({ url: receiver.url() });
  const first = await startApp({ database, name: "first", dispatcher });
  const [quick, slow] = await Promise.all([acme.send("loan.active", { n: 1 }), acme.send("loan.active", { n: 2 })]);
  slowId = slow.id;
  const read = async (id: string) => {
    const delivery = (await storedIn(database)).find(({ messageId }) => messageId === id);
    return [delivery?.status, ...(delivery?.attempts ?? [])].join(" ");
  };
  await receiver.waitFor(2, { timeoutMs: 10_000 });

  await halt(first);
  // These wait in its sockets.
  halted.open();
  await outlive(database);
  await outhook.dispatcher.start();
  await expect.poll(() => read(quick.id), { timeout: 10_000 }).toBe("succeeded lost 200");
  await receiver.waitFor(4);
  await resume(first);
  first.signal("SIGTERM");
  expect(await first.ended).toMatchObject({ code: 0 });
  expect(await read(quick.id)).toBe("succeeded lost 200");
  expect(await read(slow.id)).toBe("pending lost");

  resumed.open();
  await expect.poll(() => read(slow.id), { timeout: 10_000 }).toBe("succeeded lost 200");
  expect((await acme.endpoints.get(endpoint.id)).status).toBe("active");
  expect(receiver.requests.map(({ headers }) => headers["user-agent"])).toEqual(["first", "first", "second", "second"]);
  expect(first.errors).toEqual([]);
}

/** Something to wait for until it is opened. */
function gate(): { readonly open: () => void; readonly passed: Promise<void> } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { open: () => open(), passed };
}
