import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished } from "vitest";
import { openApp } from "./app.ts";
import { startApp } from "./processes.ts";
import { newFile } from "./stored.ts";

const bytes = 1_000_000;
/** Long enough that all slots would fill. */
const answerMs = 1_500;
/** Of 32 MiB of bodies that a dispatcher holds at most, and what one claim adds. */
const mostOpen = 40;
/** An idle app has about 110. */
const mostMiB = 350;
const endpoints = 20;
/** Fewer than may wait for their commit. */
const atOnce = 10;

/**
 * Lets a process with 256 slots deliver a backlog of so many bodies of a megabyte, to receivers that take their time.
 */
export async function expectBoundedMemory({ messages }: { readonly messages: number }): Promise<void> {
  let received = 0;
  let open = 0;
  let peak = 0;
  const server = createServer((request, response) => {
    let length = 0;
    open += 1;
    peak = Math.max(peak, open);
    response.on("close", () => (open -= 1));
    request
      .on("data", (chunk: Buffer) => (length += chunk.length))
      .on("end", () => {
        if (length > bytes) received += 1;
        setTimeout(() => response.end(), answerMs);
      });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const database = await newFile();
  const outhook = openApp({ database });
  await outhook.migrate();
  for (let n = 0; n < endpoints; n += 1) {
    await outhook.tenant(`tenant-${n}`).endpoints.create({ url: `http://127.0.0.1:${port}/${n}`, timeoutSeconds: 60 });
  }
  const text = "x".repeat(bytes);
  for (let sent = 0; sent < messages; sent += atOnce) {
    const { send } = outhook.tenant(`tenant-${(sent / atOnce) % endpoints}`);
    await Promise.all(Array.from({ length: atOnce }, () => send("loan.active", { text })));
  }
  await outhook.close();

  const app = await startApp({ database });
  await expect.poll(() => received, { timeout: 120_000, interval: 50 }).toBe(messages);
  const { rssMiB } = await app.order({ do: "send", tenant: "nobody", count: 1, bytes: 10 });
  console.log(`${messages} bodies of 1 MB: at most ${rssMiB} MiB and ${peak} open requests`);
  expect(peak).toBeLessThan(mostOpen);
  expect(rssMiB).toBeLessThan(mostMiB);
}
