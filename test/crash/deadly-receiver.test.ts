import type { Reply } from "@outhook/testkit";
import { startReceiver } from "@outhook/testkit";
import { describe, expect, it } from "vitest";
import { readLog } from "./killing.ts";
import { leaseMs, openOuthook } from "./outhook.ts";
import type { Child } from "./processes.ts";
import { startChild, withDatabase } from "./processes.ts";

describe("kill -9 of a dispatcher", { timeout: 90_000 }, () => {
  it("that its receiver causes each time ends the delivery as failed with lost attempts", async () => {
    const dispatchers: Child[] = [];
    const receiver = await startReceiver({
      respond: async (): Promise<Reply> => {
        await dispatchers.at(-1)?.kill();
        return "reset";
      },
    });
    try {
      await withDatabase(async (path) => {
        const outhook = openOuthook(path);
        await outhook.migrate();
        const acme = outhook.tenant("acme");
        const { endpoint } = await acme.endpoints.create({ url: receiver.url(), maxRetries: 1 });
        await acme.send("loan.active", {});
        for (const attempt of [1, 2]) {
          dispatchers.push(startChild("dispatcher-process.ts", [path]));
          await receiver.waitFor(attempt, { timeoutMs: leaseMs + 5_000 });
        }
        const last = startChild("dispatcher-process.ts", [path]);
        dispatchers.push(last);
        await expect
          .poll(async () => (await readLog(acme, endpoint.id))[0]?.delivery.status, { timeout: leaseMs + 5_000 })
          .toBe("failed");
        await last.kill();

        const [entry] = await readLog(acme, endpoint.id);
        expect(entry?.attempts.map(({ errorClass }) => errorClass)).toEqual(["lost", "lost"]);
        expect(receiver.requests).toHaveLength(2);
        await outhook.close();
      });
    } finally {
      await receiver.close();
    }
  });
});
