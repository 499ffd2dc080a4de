import type { Outcome } from "@outhook/core";
import { afterEach, describe, expect, it } from "vitest";
import type { Engine } from "./setup.ts";
import { ok, runToTheEnd, startAt, startEngine, status } from "./setup.ts";

const url = "https://hooks.example.com/in";

async function sendMany(engine: Engine, count: number, tenant = "acme"): Promise<void> {
  const { send } = engine.outhook.tenant(tenant);
  await Promise.all(Array.from({ length: count }, () => send("loan.active", {})));
}

/** When each request was made, in seconds since the start. */
function secondsOf({ sent }: Engine): readonly number[] {
  return sent.map(({ at }) => (at - startAt) / 1_000);
}

/** Runs the dispatcher each time that something is due, for so many seconds. */
async function runFor({ outhook, clock }: Engine, seconds: number): Promise<void> {
  const endAt = clock.now() + seconds * 1_000;
  for (;;) {
    const { nextDueAt } = await outhook.dispatcher.runOnce();
    if (nextDueAt === null || nextDueAt.getTime() > endAt) break;
    clock.set(Math.max(clock.now(), nextDueAt.getTime()));
  }
  clock.set(endAt);
}

const down = status(503);
const refused: Outcome = { kind: "error", errorClass: "connection_refused", message: "refused" };
const engines: Engine[] = [];
afterEach(async () => {
  for (const { outhook } of engines.splice(0)) await outhook.dispatcher.stop({ graceMs: 0 });
});

/** An engine whose loop runs, so that what it knows of endpoints stays from one look to the next. */
async function startLoop(input: Parameters<typeof startEngine>[0]): Promise<Engine> {
  const engine = await startEngine(input);
  engines.push(engine);
  await engine.outhook.dispatcher.start();
  return engine;
}

describe("an endpoint that fails", () => {
  it.each([
    { what: "answers 503", outcome: down },
    { what: "refuses connections", outcome: refused },
  ])("and $what is left alone after five requests, and nothing that waits is charged", async ({ outcome }) => {
    const engine = await startEngine({ answer: () => outcome });
    const { endpoints, deliveries } = engine.outhook.tenant("acme");
    const { endpoint } = await endpoints.create({ url });
    await sendMany(engine, 50);
    const { nextDueAt } = await engine.outhook.dispatcher.runOnce();
    // Three more were open when the fifth had failed.
    expect(engine.sent.length).toBeLessThanOrEqual(8);
    expect(nextDueAt).toEqual(new Date(startAt + 1_000));
    const { data } = await deliveries.list({ endpointId: endpoint.id, limit: 100 });
    expect(data.reduce((sum, { attempts }) => sum + attempts, 0)).toBe(engine.sent.length);
  });

  it("gets one request at a time after holds that double to a minute, and all that waits once it answers", async () => {
    let broken = true;
    const engine = await startLoop({ answer: () => (broken ? down : ok) });
    await engine.outhook.tenant("acme").endpoints.create({ url });
    await sendMany(engine, 50);
    await expect.poll(() => engine.sent.length).toBeGreaterThanOrEqual(5);
    const first = engine.sent.length;
    for (const holdMs of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000]) {
      const before = engine.sent.length;
      engine.clock.advance(holdMs - 1);
      engine.outhook.wake();
      await expect
        .poll(() => engine.store.deliveries.nextDueInMs({ partitions: all, now: engine.clock.now() }))
        .toBe(1);
      expect(engine.sent.length).toBe(before);
      engine.clock.advance(1);
      engine.outhook.wake();
      await expect.poll(() => engine.sent.length).toBe(before + 1);
      await expect.poll(() => dueIn(engine)).toBeGreaterThan(0);
    }
    expect(engine.sent.length).toBe(first + 6);
    broken = false;
    engine.clock.advance(60_000);
    await expect.poll(() => (engine.outhook.wake(), engine.sent.length)).toBeGreaterThanOrEqual(first + 6 + 42);
  });

  it("by answering 404 is no reason to keep the next message from it", async () => {
    const engine = await startEngine({ answer: () => status(404) });
    await engine.outhook.tenant("acme").endpoints.create({ url });
    await sendMany(engine, 50);
    await engine.outhook.dispatcher.runOnce();
    expect(engine.sent).toHaveLength(50);
  });

  it("now and then is never held", async () => {
    const engine = await startEngine({ answer: (_, n) => (n % 5 === 0 ? ok : down) });
    await engine.outhook.tenant("acme").endpoints.create({ url, maxRetries: 0 });
    await sendMany(engine, 50);
    await engine.outhook.dispatcher.runOnce();
    expect(engine.sent).toHaveLength(50);
  });

  it("takes nothing from the schedule of its deliveries but the time of the holds", async () => {
    const engine = await startEngine({
      answer: () => down,
      options: { retry: { scheduleSeconds: [60, 600] }, autoDisable: false },
    });
    const { endpoints, deliveries } = engine.outhook.tenant("acme");
    const { endpoint } = await endpoints.create({ url });
    await sendMany(engine, 12);
    await runToTheEnd(engine);
    const { data } = await deliveries.list({ endpointId: endpoint.id });
    expect(data.map((delivery) => [delivery.status, delivery.attempts])).toEqual(data.map(() => ["failed", 3]));
    expect(secondsOf(engine).at(-1)).toBeLessThan(660 + 36 * 60);
  });

  it("can be sent to by hand at once", async () => {
    let broken = true;
    const engine = await startEngine({ answer: () => (broken ? down : ok) });
    const { endpoints, deliveries } = engine.outhook.tenant("acme");
    const { endpoint } = await endpoints.create({ url });
    await sendMany(engine, 20);
    await engine.outhook.dispatcher.runOnce();
    const { data } = await deliveries.list({ endpointId: endpoint.id });
    broken = false;
    const before = engine.sent.length;
    for (const { id } of data.slice(0, 5)) await deliveries.redeliver(id);
    await engine.outhook.dispatcher.runOnce();
    expect(engine.sent.length).toBe(before + 5);
  });

  it("is not held for what this process could not even send", async () => {
    const engine = await startEngine({ answer: () => ({ kind: "local", message: "no descriptors" }) });
    await engine.outhook.tenant("acme").endpoints.create({ url });
    await sendMany(engine, 20);
    await engine.outhook.dispatcher.runOnce();
    expect(engine.sent).toHaveLength(20);
    await runFor(engine, 2);
    expect(engine.sent.length).toBeGreaterThanOrEqual(60);
  });
});

const all = Array.from({ length: 64 }, (_, partition) => partition);

function dueIn({ store, clock }: Engine): Promise<number | null> {
  return store.deliveries.nextDueInMs({ partitions: all, now: clock.now() });
}
