import { schedules } from "@outhook/core";
import { describe, expect, it } from "vitest";
import type { Engine } from "./setup.ts";
import { ok, runToTheEnd, startAt, startEngine, status } from "./setup.ts";

const url = "https://hooks.example.com/in";
const minutes = (count: number): number => count * 60_000;

async function sendOne(engine: Engine): Promise<{ readonly deliveryId: string; readonly endpointId: string }> {
  const acme = engine.outhook.tenant("acme");
  const { endpoint } = await acme.endpoints.create({ url });
  await acme.send("loan.active", { id: "ln_1" });
  await engine.outhook.dispatcher.runOnce();
  const { data } = await acme.deliveries.list({ endpointId: endpoint.id });
  return { deliveryId: data[0]?.id ?? "none", endpointId: endpoint.id };
}

const times = (engine: Engine): readonly number[] => engine.sent.map(({ at }) => at - startAt);

describe("the default schedule", () => {
  it("makes attempts at 0, 1 min, 6 min, 21 min, 1 h 21 min and 7 h 21 min, then fails", async () => {
    const engine = await startEngine({ answer: () => status(500) });
    const { deliveryId } = await sendOne(engine);
    await runToTheEnd(engine);

    expect(times(engine)).toEqual([0, 1, 6, 21, 81, 441].map(minutes));
    const { delivery, attempts } = await engine.outhook.tenant("acme").deliveries.get(deliveryId);
    expect(delivery).toMatchObject({ status: "failed", attempts: 6, nextAttemptAt: null });
    expect(attempts.map(({ number, statusCode }) => [number, statusCode])).toEqual(
      [1, 2, 3, 4, 5, 6].map((n) => [n, 500]),
    );
  });

  it("adds at most 10 % of jitter, and only upward", async () => {
    const engine = await startEngine({ answer: () => status(500), options: { random: () => 0.999_999 } });
    await sendOne(engine);
    await runToTheEnd(engine);

    const delays = times(engine).map((at, index, all) => at - (all[index - 1] ?? 0));
    for (const [retry, seconds] of schedules.default.entries()) {
      expect(delays[retry + 1]).toBeGreaterThan(seconds * 1_000 * 1.099);
      expect(delays[retry + 1]).toBeLessThanOrEqual(seconds * 1_000 * 1.1);
    }
  });

  it.each([1, 2, 3, 4, 5, 6])("ends with a 200 to attempt %i", async (attempt) => {
    const engine = await startEngine({ answer: (_, n) => (n === attempt ? ok : status(503)) });
    const { deliveryId } = await sendOne(engine);
    await runToTheEnd(engine);

    expect(engine.sent).toHaveLength(attempt);
    const { delivery } = await engine.outhook.tenant("acme").deliveries.get(deliveryId);
    expect(delivery).toMatchObject({ status: "succeeded", attempts: attempt });
  });

  it("is cut by maxRetries and never padded", async () => {
    const engine = await startEngine({ answer: () => status(500) });
    const acme = engine.outhook.tenant("acme");
    await acme.endpoints.create({ url, maxRetries: 2 });
    await acme.endpoints.create({ url: `${url}/all`, maxRetries: 50 });
    await acme.send("loan.active", {});
    await runToTheEnd(engine);

    const attemptsTo = (to: string) => engine.sent.filter((request) => request.url === to).length;
    expect([attemptsTo(url), attemptsTo(`${url}/all`)]).toEqual([3, 6]);
  });

  it("sends the same id and body each time under a new timestamp and signature", async () => {
    const engine = await startEngine({ answer: () => status(500) });
    await sendOne(engine);
    await runToTheEnd(engine);

    const distinct = (header: string) => new Set(engine.sent.map(({ headers }) => headers[header])).size;
    expect(distinct("webhook-id")).toBe(1);
    expect(new Set(engine.sent.map(({ body }) => body)).size).toBe(1);
    expect([distinct("webhook-timestamp"), distinct("webhook-signature")]).toEqual([6, 6]);
  });
});

describe("answers that end a delivery or the endpoint", () => {
  it.each([301, 302, 307, 308])("takes %i for a failure and goes nowhere else", async (redirect) => {
    const engine = await startEngine({ answer: () => status(redirect), options: { retry: { scheduleSeconds: [] } } });
    const { deliveryId } = await sendOne(engine);

    expect(engine.sent.map((request) => request.url)).toEqual([url]);
    const { delivery } = await engine.outhook.tenant("acme").deliveries.get(deliveryId);
    expect(delivery.status).toBe("failed");
  });

  it("disables the endpoint on 410, says so, and skips what comes after", async () => {
    const engine = await startEngine({ answer: () => status(410) });
    const acme = engine.outhook.tenant("acme");
    const reports: unknown[] = [];
    engine.outhook.on("endpoint.disabled", (report) => reports.push(report));
    const { deliveryId, endpointId } = await sendOne(engine);

    expect((await acme.deliveries.get(deliveryId)).delivery).toMatchObject({ status: "failed", attempts: 1 });
    expect(await acme.endpoints.get(endpointId)).toMatchObject({ status: "disabled", disabledReason: "gone" });
    expect(reports).toEqual([{ tenant: "acme", endpointId, reason: "gone" }]);

    const { id } = await acme.send("loan.active", { id: "ln_2" });
    await runToTheEnd(engine);
    expect((await acme.messages.get(id)).deliveries.map((delivery) => delivery.status)).toEqual(["skipped"]);
    expect(engine.sent).toHaveLength(1);
  });
});

describe("Retry-After", () => {
  const day = 86_400_000;
  it.each([
    { header: "120", waitMs: 120_000, why: "delays beyond the schedule" },
    { header: "30", waitMs: 60_000, why: "never hastens" },
    { header: "0", waitMs: 60_000, why: "means the schedule" },
    { header: new Date(startAt + 600_000).toUTCString(), waitMs: 600_000, why: "may be a date" },
    { header: new Date(startAt - 600_000).toUTCString(), waitMs: 60_000, why: "may be a date in the past" },
    { header: "soon", waitMs: 60_000, why: "is ignored when it is garbage" },
    { header: "-5", waitMs: 60_000, why: "is ignored when it is negative" },
    { header: "1000000000000", waitMs: day, why: "is capped at a day" },
  ])("$header $why", async ({ header, waitMs }) => {
    const engine = await startEngine({ answer: (_, n) => (n === 1 ? status(500, header) : ok) });
    await sendOne(engine);
    await runToTheEnd(engine);
    expect(times(engine)).toEqual([0, waitMs]);
  });

  it.each([429, 502, 503, 504])("holds back the whole endpoint on %i", async (statusCode) => {
    const engine = await startEngine({ answer: (_, n) => (n === 1 ? status(statusCode, "300") : ok) });
    await sendOne(engine);
    await engine.outhook.tenant("acme").send("loan.active", { id: "ln_2" });
    await runToTheEnd(engine);
    expect(times(engine)).toEqual([0, 300_000, 300_000]);
  });

  it("holds back only the delivery on other answers", async () => {
    const engine = await startEngine({ answer: (_, n) => (n === 1 ? status(500, "300") : ok) });
    await sendOne(engine);
    await engine.outhook.tenant("acme").send("loan.active", { id: "ln_2" });
    await runToTheEnd(engine);
    expect(times(engine)).toEqual([0, 0, 300_000]);
  });
});
