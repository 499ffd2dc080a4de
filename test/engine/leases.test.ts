import type { Store } from "@outhook/core";
import { memoryStore } from "@outhook/core";
import { manualClock } from "@outhook/testkit";
import { describe, expect, it } from "vitest";
import { ok, runToTheEnd, startAt, startEngine, status } from "./setup.ts";

const url = "https://hooks.example.com/in";
const leaseMs = 90_000;
const never = () => new Promise<never>(() => undefined);

describe("a dispatcher that dies with a request open", () => {
  it("leaves a lost attempt behind, and the next dispatcher sends at once when the lease has lapsed", async () => {
    const dying = await startEngine({ answer: never });
    const acme = dying.outhook.tenant("acme");
    await acme.endpoints.create({ url });
    const { id } = await acme.send("loan.active", {});
    void dying.outhook.dispatcher.runOnce();
    await expect.poll(() => dying.sent.length).toBe(1);

    const next = await startEngine({ shared: dying });
    const early = await next.outhook.dispatcher.runOnce();
    expect(next.sent).toHaveLength(0);
    expect(early.nextDueAt?.getTime()).toBe(dying.clock.now() + leaseMs);

    dying.clock.advance(leaseMs);
    await next.outhook.dispatcher.runOnce();
    const deliveryId = (await acme.messages.get(id)).deliveries[0]?.id ?? "none";
    const { delivery, attempts } = await acme.deliveries.get(deliveryId);
    expect(delivery).toMatchObject({ status: "succeeded", attempts: 2 });
    expect(attempts.map(({ errorClass, statusCode }) => errorClass ?? statusCode)).toEqual(["lost", 200]);
    expect(next.sent[0]?.headers["webhook-id"]).toBe(id);
  });

  it("cannot do so for ever: lost attempts use up the schedule and the delivery fails", async () => {
    const first = await startEngine({ answer: never });
    const acme = first.outhook.tenant("acme");
    await acme.endpoints.create({ url });
    const { id } = await acme.send("loan.active", {});
    const failed: unknown[] = [];
    for (let crash = 0; crash < 6; crash += 1) {
      const dying = await startEngine({ shared: first, answer: never });
      void dying.outhook.dispatcher.runOnce();
      await expect.poll(() => dying.sent.length).toBe(1);
      first.clock.advance(leaseMs);
    }
    const last = await startEngine({ shared: first });
    last.outhook.on("delivery.failed", ({ error }) => failed.push(error));
    await runToTheEnd(last);

    expect(last.sent).toHaveLength(0);
    const deliveryId = (await acme.messages.get(id)).deliveries[0]?.id ?? "none";
    const { delivery, attempts } = await acme.deliveries.get(deliveryId);
    expect(delivery).toMatchObject({ status: "failed", attempts: 6 });
    expect(attempts.map(({ errorClass }) => errorClass)).toEqual(Array(6).fill("lost"));
    expect(failed).toEqual(["the dispatcher that held it stopped, and no retry was left"]);
  });

  it("cannot settle over the one that took its claim", async () => {
    let answer = (): void => undefined;
    const late = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const slow = await startEngine({ answer: async () => (await late, status(410)) });
    const acme = slow.outhook.tenant("acme");
    const { endpoint } = await acme.endpoints.create({ url });
    const { id } = await acme.send("loan.active", {});
    const running = slow.outhook.dispatcher.runOnce();
    await expect.poll(() => slow.sent.length).toBe(1);
    slow.clock.advance(leaseMs);
    const next = await startEngine({ shared: slow });
    await next.outhook.dispatcher.runOnce();
    answer();
    const counts = await running;

    expect(counts).toMatchObject({ attempts: 0, failed: 0 });
    expect((await acme.messages.get(id)).deliveries[0]?.status).toBe("succeeded");
    expect((await acme.endpoints.get(endpoint.id)).status).toBe("active");
  });
});

describe("a claim whose lease is nearly over", () => {
  it("is given back, not sent", async () => {
    const store = memoryStore();
    const settled: string[] = [];
    const settle: Store["deliveries"]["settle"] = (input) => {
      settled.push(...input.settlements.map(({ next }) => next.status));
      return store.deliveries.settle(input);
    };
    const clock = manualClock(startAt);
    const engine = await startEngine({
      shared: { store: { ...store, deliveries: { ...store.deliveries, settle } }, clock },
      answer: (_, n) => {
        // As if the event loop had stalled: the claim that waits behind this request is nearly over.
        if (n === 1) clock.advance(leaseMs - 10_000);
        return ok;
      },
      options: { dispatcher: { concurrency: 1, perEndpoint: 1 } },
    });
    const acme = engine.outhook.tenant("acme");
    await acme.endpoints.create({ url });
    await acme.send("loan.active", { n: 1 });
    await acme.send("loan.active", { n: 2 });
    await runToTheEnd(engine);
    expect(settled).toEqual(["succeeded", "released", "succeeded"]);
    expect(engine.sent).toHaveLength(2);
  });
});

describe("the shortest lease that the options allow", () => {
  it("is long enough for an endpoint with the longest timeout", async () => {
    const engine = await startEngine({ options: { dispatcher: { leaseMs: 70_000 } } });
    const acme = engine.outhook.tenant("acme");
    await acme.endpoints.create({ url, timeoutSeconds: 60 });
    await acme.send("loan.active", {});
    await runToTheEnd(engine);
    expect(engine.sent).toHaveLength(1);
  });
});

describe("what is our own fault", () => {
  it("uses up no attempt", async () => {
    const engine = await startEngine({ answer: (_, n) => (n < 4 ? { kind: "local", message: "EMFILE" } : ok) });
    const acme = engine.outhook.tenant("acme");
    await acme.endpoints.create({ url });
    const { id } = await acme.send("loan.active", {});
    await runToTheEnd(engine);
    expect((await acme.messages.get(id)).deliveries[0]).toMatchObject({ status: "succeeded", attempts: 1 });
  });
});
