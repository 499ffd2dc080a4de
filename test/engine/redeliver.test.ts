import { describe, expect, it } from "vitest";
import type { Engine } from "./setup.ts";
import { ok, runToTheEnd, startEngine, status } from "./setup.ts";

const url = "https://hooks.example.com/in";

async function firstDelivery(engine: Engine, maxRetries: number): Promise<{ endpointId: string; id: string }> {
  const acme = engine.outhook.tenant("acme");
  const { endpoint } = await acme.endpoints.create({ url, maxRetries });
  await acme.send("loan.active", {});
  await engine.outhook.dispatcher.runOnce();
  const { data } = await acme.deliveries.list({ endpointId: endpoint.id });
  return { endpointId: endpoint.id, id: data[0]?.id ?? "none" };
}

describe("redelivering", () => {
  it("gives a failed delivery one attempt more under the same webhook-id, and numbers on", async () => {
    const engine = await startEngine({ answer: () => status(500) });
    const { deliveries } = engine.outhook.tenant("acme");
    const { id } = await firstDelivery(engine, 0);
    await deliveries.redeliver(id);
    await runToTheEnd(engine);

    const { delivery, attempts } = await deliveries.get(id);
    expect(delivery).toMatchObject({ status: "failed", attempts: 2 });
    expect(attempts.map(({ number }) => number)).toEqual([1, 2]);
    expect(new Set(engine.sent.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  });

  it("sends a succeeded delivery again", async () => {
    const engine = await startEngine();
    const { deliveries } = engine.outhook.tenant("acme");
    const { id } = await firstDelivery(engine, 0);
    await deliveries.redeliver(id);
    await runToTheEnd(engine);
    expect(engine.sent).toHaveLength(2);
    expect((await deliveries.get(id)).delivery.status).toBe("succeeded");
  });

  it("makes a pending delivery due now and leaves it the rest of its schedule", async () => {
    const engine = await startEngine({ answer: () => status(500) });
    const { deliveries } = engine.outhook.tenant("acme");
    const { id } = await firstDelivery(engine, 2);
    engine.clock.advance(10_000);
    await deliveries.redeliver(id);
    await runToTheEnd(engine);
    const first = engine.sent[0]?.at ?? 0;
    expect(engine.sent.map(({ at }) => at - first)).toEqual([0, 10_000, 310_000]);
  });

  it("works on a disabled endpoint, signs with the current secret, and leaves its health alone", async () => {
    const engine = await startEngine({ answer: () => status(500) });
    const acme = engine.outhook.tenant("acme");
    const { id, endpointId } = await firstDelivery(engine, 0);
    await acme.endpoints.update(endpointId, { status: "disabled" });
    const health = () => engine.store.log.health({ partitions: [...Array(64).keys()], endpointIds: [endpointId] });
    const before = await health();
    await acme.deliveries.redeliver(id);
    await runToTheEnd(engine);
    expect(engine.sent).toHaveLength(2);
    expect(await health()).toEqual(before);
  });

  it("is refused while a request is open, after deletion, and for what does not exist", async () => {
    let answer = (): void => undefined;
    const open = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const engine = await startEngine({ answer: async (_, n) => (n === 1 ? status(500) : (await open, ok)) });
    const acme = engine.outhook.tenant("acme");
    const { id, endpointId } = await firstDelivery(engine, 0);
    await acme.deliveries.redeliver(id);
    const running = engine.outhook.dispatcher.runOnce();
    await expect.poll(() => engine.sent.length).toBe(2);
    await expect(acme.deliveries.redeliver(id)).rejects.toMatchObject({ code: "delivery_in_flight" });
    answer();
    await running;

    await acme.endpoints.delete(endpointId);
    await expect(acme.deliveries.redeliver(id)).rejects.toMatchObject({ code: "endpoint_deleted" });
    await expect(acme.deliveries.redeliver("dlv_none")).rejects.toMatchObject({ code: "not_found" });
    await expect(engine.outhook.tenant("globex").deliveries.redeliver(id)).rejects.toMatchObject({ code: "not_found" });
  });
});
