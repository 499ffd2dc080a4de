import type { AnyEvents, Outhook, Store } from "@outhook/core";
import { createOuthook } from "@outhook/core";
import type { Receiver } from "@outhook/testkit";
import { startReceiver } from "@outhook/testkit";
import { setTimeout as pause } from "node:timers/promises";
import { onTestFinished } from "vitest";

/** What a dispatcher under test sends to: endpoints that answer at once, and endpoints that never do. */
export type Crowd = {
  /** Sends so many messages to each healthy endpoint, evenly over some time, and says how long each took to arrive. */
  readonly sendToHealthy: (input: { readonly each: number; readonly everyMs: number }) => Promise<readonly number[]>;
  /** Lets so many messages wait for each endpoint that hangs, and resolves when as many requests as may be are open to them. */
  readonly fillHanging: (input: { readonly endpoints: number; readonly each: number }) => Promise<void>;
  /** Requests open to those that hang, of which none times out within 15 s. */
  readonly hanging: () => number;
};

const patienceMs = 12_000;
const partitions = Array.from({ length: 64 }, (_, partition) => partition);

/** Starts a dispatcher with so many slots, and else its default options, on a store that it may use up. */
export async function startCrowd(
  store: Store,
  { healthy, concurrency }: { readonly healthy: number; readonly concurrency: number },
): Promise<Crowd> {
  const tookMs: number[] = [];
  let arrived = 0;
  const quick = await startReceiver({
    respond: ({ body }) => {
      arrived += 1;
      tookMs.push(performance.now() - JSON.parse(body).data.sentAt);
      return { status: 200 };
    },
  });
  const silent: Receiver[] = [];
  const open = (): number => silent.reduce((sum, { requests }) => sum + requests.length, 0);
  const outhook = createOuthook({
    store,
    secretKeys: "plaintext",
    network: { allow: ["127.0.0.1/32"], allowHttp: true, ports: "any" },
    dispatcher: { concurrency },
  });
  onTestFinished(async () => {
    await outhook.dispatcher.stop({ graceMs: 200 });
    await Promise.all([outhook.close(), quick.close(), ...silent.map(({ close }) => close())]);
  });
  await outhook.migrate();
  for (let n = 0; n < healthy; n += 1)
    await outhook.tenant(`healthy-${n}`).endpoints.create({ url: quick.url(`/${n}`) });
  await outhook.dispatcher.start();

  return {
    sendToHealthy: async ({ each, everyMs }) => {
      const before = arrived;
      tookMs.length = 0;
      const sends: Promise<void>[] = [];
      for (let n = 0; n < each * healthy; n += 1) {
        sends.push(sendOne(outhook, `healthy-${n % healthy}`));
        await pause(everyMs);
      }
      await Promise.all(sends);
      await until(() => arrived === before + each * healthy, `${each * healthy} messages of healthy endpoints`);
      return [...tookMs];
    },
    fillHanging: async ({ endpoints, each }) => {
      for (let n = 0; n < endpoints; n += 1) {
        const receiver = await startReceiver({ respond: () => "hang" });
        silent.push(receiver);
        const { endpoints: own, send } = outhook.tenant(`hanging-${n}`);
        await own.create({ url: receiver.url() });
        await Promise.all(Array.from({ length: each }, () => send("loan.active", {})));
      }
      const most = Math.min(concurrency / 4, endpoints * 4);
      await until(() => open() >= most, `${most} requests to endpoints that hang`);
      // Messages are fanned out in the order they came.
      while ((await store.messages.awaitingFanOut({ partitions, limit: 1 })).length > 0) await pause(20);
    },
    hanging: open,
  };
}

async function sendOne(outhook: Outhook<AnyEvents, never>, tenant: string): Promise<void> {
  await outhook.tenant(tenant).send("loan.active", { sentAt: performance.now() });
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  const endAt = performance.now() + patienceMs;
  while (!isSo()) {
    if (performance.now() > endAt) throw new Error(`${what} did not come within ${patienceMs} ms`);
    await pause(10);
  }
}
