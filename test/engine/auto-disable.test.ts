import type { Reports } from "@outhook/core";
import { describe, expect, it } from "vitest";
import type { Answer, Engine } from "./setup.ts";
import { ok, runToTheEnd, startEngine, status } from "./setup.ts";

const hour = 3_600_000;
const refused: Answer = () => status(500);

/** An engine with an endpoint without retries, so that every failed message has exhausted its schedule. */
async function start(answer: Answer, options: Parameters<typeof startEngine>[0] = {}) {
  const engine = await startEngine({ answer, ...options });
  const acme = engine.outhook.tenant("acme");
  const { endpoint } = await acme.endpoints.create({ url: "https://hooks.example.com/in", maxRetries: 0 });
  const warnings: Reports["endpoint.failing"][] = [];
  const disabled: Reports["endpoint.disabled"][] = [];
  engine.outhook.on("endpoint.failing", (report) => warnings.push(report));
  engine.outhook.on("endpoint.disabled", (report) => disabled.push(report));
  /** Sends one message each time, so many hours after the one before. */
  const sendEvery = async (hours: readonly number[]): Promise<void> => {
    for (const later of hours) {
      engine.clock.advance(later * hour);
      await acme.send("loan.active", {});
      await runToTheEnd(engine);
    }
  };
  const endpointNow = async () => await acme.endpoints.get(endpoint.id);
  return { ...engine, acme, endpoint, warnings, disabled, sendEvery, endpointNow };
}

describe("an endpoint that fails", () => {
  it("is disabled by the fifth message in a row that ends in failure, if it has failed for a day", async () => {
    const { endpoint, sendEvery, endpointNow, disabled, acme, sent } = await start(refused);
    await sendEvery([0, 6, 6, 6]);
    expect(await endpointNow()).toMatchObject({ status: "active" });
    await sendEvery([6]);
    expect(await endpointNow()).toMatchObject({ status: "disabled", disabledReason: "failing" });
    expect(disabled).toEqual([{ tenant: "acme", endpointId: endpoint.id, reason: "failing" }]);

    await sendEvery([1]);
    expect(sent).toHaveLength(5);
    const { data } = await acme.deliveries.list({ endpointId: endpoint.id, status: "skipped" });
    expect(data).toHaveLength(1);
  });

  it("is not, as long as either is missing, and is by the first failure after both are there", async () => {
    const { sendEvery, endpointNow } = await start(refused);
    await sendEvery([0, 1, 1, 1, 1, 1, 1]);
    expect(await endpointNow()).toMatchObject({ status: "active" });
    await sendEvery([18]);
    expect(await endpointNow()).toMatchObject({ status: "disabled", disabledReason: "failing" });
  });

  it("starts anew after a success", async () => {
    const { sendEvery, endpointNow } = await start((_, n) => (n === 5 ? ok : status(500)));
    await sendEvery([0, 12, 12, 12, 12, 12, 12, 12, 12]);
    expect(await endpointNow()).toMatchObject({ status: "active" });
    await sendEvery([12]);
    expect(await endpointNow()).toMatchObject({ status: "disabled" });
  });

  it("is reported once when it has come half the way", async () => {
    const { sendEvery, warnings, endpoint, clock } = await start(refused);
    const failingSince = new Date(clock.now());
    await sendEvery([0, 6, 3]);
    expect(warnings).toEqual([]);
    await sendEvery([3, 3]);
    expect(warnings).toEqual([
      { tenant: "acme", endpointId: endpoint.id, exhaustedInRow: 4, failingSince, lastError: "HTTP 500" },
    ]);
  });

  it("has everything to lose again once it is enabled", async () => {
    const { acme, endpoint, sendEvery, endpointNow, warnings } = await start(refused);
    await sendEvery([0, 8, 8, 8, 8]);
    expect(await endpointNow()).toMatchObject({ status: "disabled" });
    await acme.endpoints.update(endpoint.id, { status: "active" });
    expect((await acme.endpoints.health([endpoint.id]))[0]).toMatchObject({
      consecutiveFailures: 0,
      exhaustedInRow: 0,
      failingSince: null,
      lastError: "HTTP 500",
    });
    await sendEvery([0, 8, 8, 4, 3]);
    expect(await endpointNow()).toMatchObject({ status: "active" });
    expect(warnings).toHaveLength(2);
    await sendEvery([1]);
    expect(await endpointNow()).toMatchObject({ status: "disabled" });
  });

  it("keeps its failures when an update leaves its status as it is", async () => {
    const { acme, endpoint, sendEvery, endpointNow } = await start(refused);
    await sendEvery([0, 8, 8, 8]);
    await acme.endpoints.update(endpoint.id, { status: "active" });
    await sendEvery([8]);
    expect(await endpointNow()).toMatchObject({ status: "disabled" });
  });

  it("is not disabled by what a person asks for", async () => {
    const { acme, endpoint, sendEvery, endpointNow, clock, ...engine } = await start(refused);
    await sendEvery([0, 8, 8, 8]);
    const { data } = await acme.deliveries.list({ endpointId: endpoint.id });
    for (const { id } of data) {
      clock.advance(8 * hour);
      await acme.deliveries.redeliver(id);
      await runToTheEnd({ ...engine, clock });
    }
    expect(await endpointNow()).toMatchObject({ status: "active" });
  });

  it("stays active when it was changed while the last request was open: that may have mended it", async () => {
    let change = async (): Promise<unknown> => undefined;
    const { acme, endpoint, sendEvery, endpointNow, clock } = await start(async (_, n) => {
      if (n === 5) await change();
      return status(500);
    });
    change = async () => {
      clock.advance(1);
      await acme.endpoints.update(endpoint.id, { url: "https://hooks.example.com/corrected" });
    };
    await sendEvery([0, 8, 8, 8, 8]);
    expect(await endpointNow()).toMatchObject({ status: "active" });
    await sendEvery([8]);
    expect(await endpointNow()).toMatchObject({ status: "disabled" });
  });

  it("is disabled by one of two dispatchers, which both see it fail", async () => {
    const first = await start(refused, { options: { autoDisable: { messages: 2, hours: 0 } } });
    const { acme, endpoint, store, clock, disabled, endpointNow } = first;
    const second: Engine = await startEngine({
      answer: refused,
      shared: { store, clock },
      options: { autoDisable: { messages: 2, hours: 0 }, dispatcher: { perEndpoint: 1, concurrency: 1 } },
    });
    second.outhook.on("endpoint.disabled", (report) => disabled.push(report));
    for (let n = 0; n < 8; n += 1) await acme.send("loan.active", {});
    await Promise.all([first.outhook.dispatcher.runOnce(), second.outhook.dispatcher.runOnce()]);
    expect(disabled).toEqual([{ tenant: "acme", endpointId: endpoint.id, reason: "failing" }]);
    expect(await endpointNow()).toMatchObject({ status: "disabled", disabledReason: "failing" });
  });

  it("is never disabled where the host says so, and sooner where it says that", async () => {
    const never = await start(refused, { options: { autoDisable: false } });
    await never.sendEvery([0, 12, 12, 12, 12, 12, 12]);
    expect(await never.endpointNow()).toMatchObject({ status: "active" });
    expect(never.warnings).toEqual([]);
    const soon = await start(refused, { options: { autoDisable: { messages: 2, hours: 1 } } });
    await soon.sendEvery([0, 1]);
    expect(await soon.endpointNow()).toMatchObject({ status: "disabled" });
  });
});

describe("the option autoDisable", () => {
  it.each([
    { autoDisable: { messages: 0 }, param: "autoDisable.messages" },
    { autoDisable: { hours: 0.5 }, param: "autoDisable.hours" },
    { autoDisable: { days: 1 }, param: "autoDisable.days" },
    { autoDisable: true, param: "autoDisable" },
    { autoDisable: null, param: "autoDisable" },
  ])("is refused as $autoDisable", async ({ autoDisable, param }) => {
    const options = { autoDisable } as never;
    await expect(startEngine({ options })).rejects.toMatchObject({ code: "invalid_options", param });
  });
});
