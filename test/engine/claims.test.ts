import type { Store } from "@outhook/core";
import { describe, expect, it } from "vitest";
import type { Engine } from "./setup.ts";
import { ok, startEngine, status } from "./setup.ts";

type Counted = Engine & { readonly claims: () => number };

/** An engine that counts its claims, with as many tenants as there are to be, of one endpoint each. */
async function startCounting(tenants: number, answer = () => ok): Promise<Counted> {
  const shared = await startEngine();
  let claims = 0;
  const claim: Store["deliveries"]["claim"] = async (input) => {
    claims += 1;
    return await shared.store.deliveries.claim(input);
  };
  const store = { ...shared.store, deliveries: { ...shared.store.deliveries, claim } };
  const engine = await startEngine({ shared: { store, clock: shared.clock }, answer });
  for (let n = 0; n < tenants; n += 1) {
    await engine.outhook.tenant(`t${n}`).endpoints.create({ url: `https://t${n}.example.com/` });
  }
  return { ...engine, claims: () => claims };
}

async function sendToAll({ outhook }: Engine, tenants: number, each: number): Promise<void> {
  const names = Array.from({ length: tenants * each }, (_, n) => `t${n % tenants}`);
  await Promise.all(names.map((name) => outhook.tenant(name).send("loan.active", {})));
}

describe("a claim that finds nothing", () => {
  it("is not made again for each batch of new messages, which need none", async () => {
    const engine = await startCounting(100);
    await sendToAll(engine, 100, 10);
    const { succeeded } = await engine.outhook.dispatcher.runOnce();
    expect(succeeded).toBe(1_000);
    // One at first, and one before it says that there is nothing more; without the rest one for each of eight batches, too.
    expect(engine.claims()).toBeLessThanOrEqual(4);
  });

  it("is made again soon while messages keep coming, so that what is due is not kept waiting", async () => {
    let isDown = true;
    const engine = await startCounting(2, () => (isDown ? status(503) : ok));
    await sendToAll(engine, 1, 1);
    await engine.outhook.dispatcher.runOnce();
    isDown = false;
    engine.clock.advance(60_000);
    await sendToAll(engine, 2, 50);
    const { succeeded } = await engine.outhook.dispatcher.runOnce();
    expect(succeeded).toBe(101);
    expect(engine.sent.slice(1, 20).map(({ headers }) => headers["webhook-id"])).toContain(
      engine.sent[0]?.headers["webhook-id"],
    );
  });
});
