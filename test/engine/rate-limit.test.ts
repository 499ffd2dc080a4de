import { describe, expect, it } from "vitest";
import type { Engine } from "./setup.ts";
import { ok, runToTheEnd, startAt, startEngine, status } from "./setup.ts";

const url = "https://hooks.example.com/in";

async function sendMany(engine: Engine, count: number, tenant = "acme"): Promise<void> {
  const { send } = engine.outhook.tenant(tenant);
  await Promise.all(Array.from({ length: count }, () => send("loan.active", {})));
}

/** Requests in each second since the start, of these engines together. */
function perSecond(...engines: readonly Engine[]): readonly number[] {
  const counts: number[] = [];
  for (const { at } of engines.flatMap(({ sent }) => sent)) {
    const second = Math.floor((at - startAt) / 1_000);
    counts[second] = (counts[second] ?? 0) + 1;
  }
  return Array.from(counts, (count) => count ?? 0);
}

const fives = (count: number): readonly number[] => Array.from({ length: count }, () => 5);

describe("a rate limit", () => {
  it("lets through so many a second, however much waits", async () => {
    const engine = await startEngine();
    await engine.outhook.tenant("acme").endpoints.create({ url, rateLimit: 5 });
    await sendMany(engine, 100);
    await runToTheEnd(engine);
    expect(perSecond(engine)).toEqual(fives(20));
  });

  it("holds over two dispatchers on one store", async () => {
    const one = await startEngine();
    const two = await startEngine({ shared: one });
    await one.outhook.tenant("acme").endpoints.create({ url, rateLimit: 5 });
    await sendMany(one, 100);
    while (one.sent.length + two.sent.length < 100) {
      await Promise.all([one, two].map(({ outhook }) => outhook.dispatcher.runOnce()));
      one.clock.advance(100);
    }
    expect(perSecond(one, two)).toEqual(fives(20));
  });

  it("holds for messages as they come, and adds nothing while there are fewer", async () => {
    const engine = await startEngine();
    await engine.outhook.tenant("acme").endpoints.create({ url, rateLimit: 5 });
    for (let tenth = 0; tenth < 50; tenth += 1) {
      await sendMany(engine, tenth < 20 ? 2 : 0);
      await engine.outhook.dispatcher.runOnce();
      engine.clock.advance(100);
    }
    const counts = perSecond(engine);
    expect(counts.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(30);
    expect(Math.max(...counts)).toBeLessThanOrEqual(9);
    await runToTheEnd(engine);
    await sendMany(engine, 1);
    const before = engine.sent.length;
    engine.clock.advance(10_000);
    await engine.outhook.dispatcher.runOnce();
    expect([before, engine.sent.length]).toEqual([40, 41]);
  });

  it("counts retries like first attempts", async () => {
    const engine = await startEngine({
      answer: (_, n) => (n <= 10 ? status(404) : ok),
      options: { retry: { scheduleSeconds: [10] } },
    });
    await engine.outhook.tenant("acme").endpoints.create({ url, rateLimit: 5 });
    await sendMany(engine, 10);
    await runToTheEnd(engine);
    expect(perSecond(engine)).toEqual([5, 5, 0, 0, 0, 0, 0, 0, 0, 0, 5, 5]);
  });

  it.each([0, 1_001, 0.5, -1, Number.NaN, "5"])("is not %j", async (rateLimit) => {
    const { outhook } = await startEngine();
    const { endpoints } = outhook.tenant("acme");
    // @ts-expect-error -- some are no numbers
    await expect(endpoints.create({ url, rateLimit })).rejects.toMatchObject({ code: "invalid_rate_limit" });
    expect((await endpoints.list()).data).toEqual([]);
  });

  it("is set, changed and taken away by an update", async () => {
    const engine = await startEngine();
    const { endpoints } = engine.outhook.tenant("acme");
    const { endpoint } = await endpoints.create({ url });
    expect(endpoint.rateLimit).toBeNull();
    expect((await endpoints.update(endpoint.id, { rateLimit: 5 })).rateLimit).toBe(5);
    await sendMany(engine, 50);
    await engine.outhook.dispatcher.runOnce();
    expect(engine.sent).toHaveLength(5);
    await endpoints.update(endpoint.id, { rateLimit: 8 });
    engine.clock.advance(1_000);
    await engine.outhook.dispatcher.runOnce();
    expect(engine.sent).toHaveLength(13);
    expect((await endpoints.update(endpoint.id, { description: "same" })).rateLimit).toBe(8);
    expect((await endpoints.update(endpoint.id, { rateLimit: null })).rateLimit).toBeNull();
    engine.clock.advance(1_000);
    await engine.outhook.dispatcher.runOnce();
    expect(engine.sent).toHaveLength(50);
  });

  it.each([
    { what: "set", before: null, after: 5, sent: [13, 18] },
    { what: "raised", before: 2, after: 5, sent: [2, 7] },
    { what: "taken away", before: 2, after: null, sent: [2, 100] },
  ])("that was $what by a process that died in between is kept from the next claim on", async (given) => {
    const engine = await startEngine();
    const { endpoint } = await engine.outhook.tenant("acme").endpoints.create({ url, rateLimit: given.before });
    await sendMany(engine, 100);
    await engine.store.endpoints.update({
      tenant: "acme",
      id: endpoint.id,
      change: (current) => ({ ...current, rateLimit: given.after }),
    });
    await engine.outhook.dispatcher.runOnce();
    const counts = [engine.sent.length];
    engine.clock.advance(1_000);
    await engine.outhook.dispatcher.runOnce();
    expect([...counts, engine.sent.length]).toEqual(given.sent);
  });

  it("does not bind what a person redelivers", async () => {
    const engine = await startEngine();
    const { endpoints, deliveries } = engine.outhook.tenant("acme");
    const { endpoint } = await endpoints.create({ url, rateLimit: 5 });
    await sendMany(engine, 10);
    await runToTheEnd(engine);
    const { data } = await deliveries.list({ endpointId: endpoint.id });
    for (const { id } of data) await deliveries.redeliver(id);
    await engine.outhook.dispatcher.runOnce();
    expect(engine.sent).toHaveLength(20);
  });

  it("is shared by the partitions of a tenant with a spread", async () => {
    const engine = await startEngine({ options: { spread: { acme: 4 } } });
    await engine.outhook.tenant("acme").endpoints.create({ url, rateLimit: 9 });
    await sendMany(engine, 200);
    await engine.outhook.dispatcher.runOnce();
    expect(engine.sent).toHaveLength(8);
  });

  it("says when the next attempt is due", async () => {
    const engine = await startEngine();
    await engine.outhook.tenant("acme").endpoints.create({ url, rateLimit: 4 });
    await sendMany(engine, 5);
    const { nextDueAt } = await engine.outhook.dispatcher.runOnce();
    expect(nextDueAt).toEqual(new Date(startAt + 1_000));
  });
});
