import type { AnyEvents, Outhook } from "@outhook/core";
import { createOuthook, memoryStore } from "@outhook/core";
import { readdirSync } from "node:fs";
import { expect } from "vitest";
import { startChild } from "../crash/processes.ts";
import { heldBytes } from "./memory.ts";

const maxDescriptors = 512;
const maxGrowthBytes = 50 * 1024 * 1024;

/** Sends one message to endpoints of so many origins, and checks what that takes of this process. */
export async function expectBounded({ origins }: { readonly origins: number }): Promise<void> {
  const receiver = startChild("../reliability/origins-process.ts", []);
  await receiver.printed(1);
  const outhook = createOuthook({
    store: memoryStore(),
    secretKeys: "plaintext",
    network: { allow: ["127.0.0.0/8"], allowHttp: true },
    limits: { endpointsPerTenant: origins },
  });
  try {
    await outhook.migrate();
    await outhook.dispatcher.start();
    const port = receiver.lines[0] ?? "none";
    // Loads what is loaded once.
    await createEndpoints(outhook, { tenant: "first", addresses: addressesOf(100, 64), port });
    await sendOnce(outhook, { tenant: "first", deliveries: 100 });

    await createEndpoints(outhook, { tenant: "acme", addresses: addressesOf(origins, 128), port });
    const before = heldBytes();
    const descriptors = watchDescriptors();
    await sendOnce(outhook, { tenant: "acme", deliveries: origins });
    const most = descriptors.end();
    const growthBytes = heldBytes() - before;
    console.log(`${origins} origins: ${most} descriptors, ${Math.round(growthBytes / 2 ** 20)} MiB held`);
    expect(most).toBeLessThanOrEqual(maxDescriptors);
    expect(growthBytes).toBeLessThanOrEqual(maxGrowthBytes);
  } finally {
    await outhook.close();
    await receiver.kill();
  }
}

/** So many addresses of 127.x.0.0/16. */
function addressesOf(count: number, x: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `127.${x}.${n >> 8}.${n & 255}`);
}

async function createEndpoints(
  { tenant }: Outhook<AnyEvents, never>,
  input: { readonly tenant: string; readonly addresses: readonly string[]; readonly port: string },
): Promise<void> {
  const { endpoints } = tenant(input.tenant);
  for (const address of input.addresses) await endpoints.create({ url: `http://${address}:${input.port}/` });
}

/** Sends one message and waits until it has been delivered so many times. */
async function sendOnce(
  { tenant, on }: Outhook<AnyEvents, never>,
  input: { readonly tenant: string; readonly deliveries: number },
): Promise<void> {
  let succeeded = 0;
  const end = on("delivery.succeeded", () => {
    succeeded += 1;
  });
  await tenant(input.tenant).send("loan.active", {});
  await expect.poll(() => succeeded, { timeout: 120_000, interval: 50 }).toBe(input.deliveries);
  end();
}

/** How many descriptors this process has open at most until the end. */
function watchDescriptors(): { readonly end: () => number } {
  let most = 0;
  const look = (): void => {
    most = Math.max(most, readdirSync("/proc/self/fd").length);
  };
  const timer = setInterval(look, 10);
  return {
    end: () => {
      clearInterval(timer);
      look();
      return most;
    },
  };
}
