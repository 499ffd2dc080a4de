import { createOuthook, memoryStore } from "@outhook/core";
import { startReceiver } from "@outhook/testkit";
import { expect, it, onTestFinished } from "vitest";

const retryMs = 400;
/** What jitter adds to it at most, and what a busy machine may. */
const latestMs = retryMs * 1.1 + 300;
const messages = 20;
/** So many failures in a row open the breaker of an endpoint. */
const opensBreaker = 5;

it("a receiver that refused connections gets everything when it is up, the first at its next retry", async () => {
  const gone = await startReceiver();
  await gone.close();
  const outhook = createOuthook({
    store: memoryStore(),
    secretKeys: "plaintext",
    network: { allow: ["127.0.0.1/32"], allowHttp: true },
    retry: { scheduleSeconds: Array.from({ length: 20 }, () => retryMs / 1_000) },
  });
  onTestFinished(() => outhook.close());
  await outhook.migrate();
  const acme = outhook.tenant("acme");
  await acme.endpoints.create({ url: gone.url() });
  let retries = 0;
  outhook.on("delivery.retrying", () => {
    retries += 1;
  });
  await outhook.dispatcher.start();
  const sent = await Promise.all(Array.from({ length: messages }, (_, n) => acme.send("loan.active", { n })));
  await expect.poll(() => retries, { timeout: 5_000, interval: 10 }).toBeGreaterThan(opensBreaker + 2);

  const upAt = Date.now();
  const receiver = await startReceiver({ port: Number(new URL(gone.url()).port) });
  onTestFinished(() => receiver.close());
  const received = await receiver.waitFor(messages, { timeoutMs: 8_000 });
  const [firstMs, lastMs] = [received.at(0), received.at(-1)].map((one) => (one?.receivedAt ?? NaN) - upAt);
  console.log(`up again: the first request after ${firstMs} ms, the last after ${lastMs} ms`);
  expect(firstMs).toBeLessThan(latestMs);
  expect(new Set(received.map(({ headers }) => headers["webhook-id"]))).toEqual(new Set(sent.map(({ id }) => id)));
});
