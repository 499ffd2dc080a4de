import { createOuthook } from "@outhook/core";
import { sqliteStore } from "@outhook/sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { newFile } from "../reliability/stored.ts";

it("a crowd of endpoints of which nothing is known yet gets everything at the first attempt, without an error", async () => {
  const errors: unknown[] = [];
  const outhook = createOuthook({
    store: sqliteStore({ path: await newFile() }),
    secretKeys: "plaintext",
    dispatcher: { concurrency: 8 },
    transport: {
      send: async () => {
        await pause(80);
        return { kind: "response", statusCode: 200, retryAfter: null, body: "" };
      },
      close: async () => undefined,
    },
    logger: { warn: (details) => void errors.push(details), error: (details) => void errors.push(details) },
  });
  onTestFinished(() => outhook.close());
  await outhook.migrate();
  const tenants = Array.from({ length: 60 }, (_, n) => outhook.tenant(`tenant-${n}`));
  for (const { endpoints } of tenants) await endpoints.create({ url: "https://hooks.example.com/" });
  const sends = tenants.flatMap(({ send }) => [1, 2].map(() => send("loan.active", {})));
  await Promise.all(sends);
  let succeeded = 0;
  await expect
    .poll(async () => (succeeded += (await outhook.dispatcher.runOnce()).succeeded), { timeout: 8_000 })
    .toBe(sends.length);
  expect(errors).toEqual([]);
});
