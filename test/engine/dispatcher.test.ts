import type { Outcome, Outhook, AnyEvents, Store, Transport } from "@outhook/core";
import { createOuthook, memoryStore } from "@outhook/core";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { ok, status } from "./setup.ts";

const url = "https://hooks.example.com/in";

type Live = {
  readonly outhook: Outhook<AnyEvents, never>;
  readonly sent: string[];
  readonly logged: string[];
};

/** An engine in real time. */
async function live(input: {
  readonly answer?: (n: number) => Promise<Outcome>;
  readonly store?: Store;
  readonly onClose?: () => void;
}): Promise<Live> {
  const { answer = async () => ok, store = memoryStore() } = input;
  const sent: string[] = [];
  const logged: string[] = [];
  const transport: Transport = {
    send: ({ headers }) => answer(sent.push(headers["webhook-id"] ?? "")),
    close: async () => input.onClose?.(),
  };
  const log = (_: unknown, message: string) => void logged.push(message);
  const outhook = createOuthook({ store, transport, secretKeys: "plaintext", logger: { warn: log, error: log } });
  await outhook.migrate();
  return { outhook, sent, logged };
}

function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

async function within(ms: number, call: () => Promise<unknown>): Promise<void> {
  const began = performance.now();
  await call();
  expect(performance.now() - began).toBeLessThan(ms);
}

describe("start", () => {
  it("delivers what is sent while it runs, woken by each send", async () => {
    const { outhook, sent } = await live({});
    const acme = outhook.tenant("acme");
    await acme.endpoints.create({ url });
    await outhook.dispatcher.start();
    for (let n = 0; n < 5; n += 1) {
      await acme.send("loan.active", { n });
      await expect.poll(() => sent.length, { interval: 1 }).toBe(n + 1);
    }
    await outhook.close();
  });

  it("does nothing but warn when it runs already, and can be called again after stop", async () => {
    const { outhook, sent, logged } = await live({});
    await outhook.tenant("acme").endpoints.create({ url });
    await outhook.dispatcher.start();
    await outhook.dispatcher.start();
    expect(logged).toEqual([expect.stringContaining("called while it runs")]);
    await expect(outhook.dispatcher.runOnce()).rejects.toMatchObject({ code: "invalid_options" });
    await outhook.dispatcher.stop();
    await outhook.dispatcher.start();
    await outhook.tenant("acme").send("loan.active", {});
    await expect.poll(() => sent.length).toBe(1);
    await outhook.close();
  });

  it("goes on when the store fails for a while, uses up no attempt, and says so at most once a second", async () => {
    const store = memoryStore();
    let broken = true;
    const claim: Store["deliveries"]["claim"] = (input) =>
      broken ? Promise.reject(new Error("the disk is gone")) : store.deliveries.claim(input);
    const { outhook, sent, logged } = await live({ store: { ...store, deliveries: { ...store.deliveries, claim } } });
    const acme = outhook.tenant("acme");
    await acme.endpoints.create({ url });
    const { id } = await acme.send("loan.active", {});
    await outhook.dispatcher.start();
    await expect.poll(() => logged.length).toBe(1);
    broken = false;
    await expect.poll(() => sent.length, { timeout: 2_000 }).toBe(1);
    await expect.poll(async () => (await acme.messages.get(id)).deliveries[0]?.status).toBe("succeeded");
    expect(logged).toHaveLength(1);
    await outhook.close();
  });
});

describe("a fan-out that fails half-way", () => {
  it("loses no lease that it had taken: everything is sent once, and nothing is lost", async () => {
    const store = memoryStore();
    let calls = 0;
    const fanOut: Store["deliveries"]["fanOut"] = (input) => {
      calls += 1;
      return calls === 2 ? Promise.reject(new Error("busy")) : store.deliveries.fanOut(input);
    };
    const { outhook, sent } = await live({ store: { ...store, deliveries: { ...store.deliveries, fanOut } } });
    const acme = outhook.tenant("acme");
    const { endpoint } = await acme.endpoints.create({ url });
    await Promise.all(Array.from({ length: 100 }, (_, n) => acme.send("loan.active", { n })));
    await outhook.dispatcher.start();
    const succeeded = async () =>
      (await acme.deliveries.list({ endpointId: endpoint.id, status: "succeeded", limit: 100 })).data;
    await expect.poll(async () => (await succeeded()).length, { timeout: 3_000 }).toBe(100);
    expect((await succeeded()).every(({ attempts }) => attempts === 1)).toBe(true);
    expect(sent).toHaveLength(100);
    await outhook.close();
  });
});

describe("a receiver that answers 410", () => {
  const gone = status(410);

  it("is disabled once, however many requests it answered so", async () => {
    const all = gate();
    const { outhook, sent } = await live({ answer: async () => (await all.opened, gone) });
    const acme = outhook.tenant("acme");
    await acme.endpoints.create({ url });
    let reports = 0;
    outhook.on("endpoint.disabled", () => (reports += 1));
    await Promise.all(Array.from({ length: 4 }, (_, n) => acme.send("loan.active", { n })));
    const running = outhook.dispatcher.runOnce();
    await expect.poll(() => sent.length).toBe(4);
    all.open();
    await running;
    expect(reports).toBe(1);
  });

  it("stays active when its URL was corrected while the request was open", async () => {
    const request = gate();
    const { outhook, sent } = await live({ answer: async () => (await request.opened, gone) });
    const acme = outhook.tenant("acme");
    const { endpoint } = await acme.endpoints.create({ url });
    await acme.send("loan.active", {});
    const running = outhook.dispatcher.runOnce();
    await expect.poll(() => sent.length).toBe(1);
    await acme.endpoints.update(endpoint.id, { url: `${url}/corrected` });
    request.open();
    await running;
    expect((await acme.endpoints.get(endpoint.id)).status).toBe("active");
  });
});

describe("outcomes that cannot be written down", () => {
  it("are kept and written when the store is back, without a second request", async () => {
    const store = memoryStore();
    let failures = 3;
    const settle: Store["deliveries"]["settle"] = (input) => {
      failures -= 1;
      return failures < 0 ? store.deliveries.settle(input) : Promise.reject(new Error("the disk is full"));
    };
    const { outhook, sent, logged } = await live({ store: { ...store, deliveries: { ...store.deliveries, settle } } });
    const acme = outhook.tenant("acme");
    await acme.endpoints.create({ url });
    const { id } = await acme.send("loan.active", {});
    expect(await outhook.dispatcher.runOnce()).toMatchObject({ attempts: 1, succeeded: 1 });
    expect((await acme.messages.get(id)).deliveries[0]).toMatchObject({ status: "succeeded", attempts: 1 });
    expect(sent).toHaveLength(1);
    expect(logged).toEqual([expect.stringContaining("could not be recorded")]);
  });
});

describe("stop", () => {
  it("lets an open request end and records it", async () => {
    const request = gate();
    const { outhook, sent } = await live({ answer: async () => (await request.opened, ok) });
    const acme = outhook.tenant("acme");
    await acme.endpoints.create({ url });
    const { id } = await acme.send("loan.active", {});
    await outhook.dispatcher.start();
    await expect.poll(() => sent.length).toBe(1);
    const stopped = outhook.dispatcher.stop({ graceMs: 5_000 });
    request.open();
    await within(1_000, () => stopped);
    expect((await acme.messages.get(id)).deliveries[0]).toMatchObject({ status: "succeeded", attempts: 1 });
  });

  it("gives back by its grace time what does not end, so that the next dispatcher sends it at once", async () => {
    const closed = gate();
    const store = memoryStore();
    const cutOff: Outcome = { kind: "error", errorClass: "connection_reset", message: "closed" };
    const first = await live({ store, answer: async () => (await closed.opened, cutOff), onClose: closed.open });
    const acme = first.outhook.tenant("acme");
    await acme.endpoints.create({ url });
    const { id } = await acme.send("loan.active", {});
    await first.outhook.dispatcher.start();
    await expect.poll(() => first.sent.length).toBe(1);
    await within(700, () => first.outhook.dispatcher.stop({ graceMs: 400 }));

    const second = await live({ store });
    await second.outhook.dispatcher.start();
    await expect.poll(() => second.sent.length).toBe(1);
    await expect
      .poll(async () => (await acme.messages.get(id)).deliveries[0])
      .toMatchObject({ status: "succeeded", attempts: 1 });
    await second.outhook.close();
  });

  it.each(["settle", "claim"] as const)(
    "resolves by its grace time when the store never answers to %s",
    async (method) => {
      const store = memoryStore();
      const hangs = {
        ...store,
        deliveries: { ...store.deliveries, [method]: () => new Promise<never>(() => undefined) },
      };
      const { outhook } = await live({ store: hangs });
      await outhook.tenant("acme").endpoints.create({ url });
      await outhook.tenant("acme").send("loan.active", {});
      await outhook.dispatcher.start();
      await within(700, () => outhook.dispatcher.stop({ graceMs: 400 }));
    },
  );

  it("ends a runOnce too, and lets its open request end", async () => {
    const request = gate();
    const { outhook, sent } = await live({ answer: async () => (await request.opened, ok) });
    const acme = outhook.tenant("acme");
    await acme.endpoints.create({ url });
    const { id } = await acme.send("loan.active", {});
    const running = outhook.dispatcher.runOnce();
    await expect.poll(() => sent.length).toBe(1);
    const stopped = outhook.dispatcher.stop({ graceMs: 5_000 });
    request.open();
    await within(1_000, () => Promise.all([stopped, running]));
    expect((await acme.messages.get(id)).deliveries[0]).toMatchObject({ status: "succeeded", attempts: 1 });
  });

  it("gives back by its grace time what a runOnce has open", async () => {
    const closed = gate();
    const cutOff: Outcome = { kind: "error", errorClass: "connection_reset", message: "closed" };
    const { outhook, sent } = await live({ answer: async () => (await closed.opened, cutOff), onClose: closed.open });
    const acme = outhook.tenant("acme");
    await acme.endpoints.create({ url });
    const { id } = await acme.send("loan.active", {});
    const running = outhook.dispatcher.runOnce();
    await expect.poll(() => sent.length).toBe(1);
    await within(900, () => Promise.all([outhook.dispatcher.stop({ graceMs: 400 }), running]));
    expect((await acme.messages.get(id)).deliveries[0]).toMatchObject({ status: "pending", attempts: 0 });
  });

  it("waits as long as it is told, for ever included, and refuses what is no time", async () => {
    const request = gate();
    let closed = false;
    const onClose = () => (closed = true);
    const { outhook, sent } = await live({ answer: async () => (await request.opened, ok), onClose });
    await outhook.tenant("acme").endpoints.create({ url });
    const { id } = await outhook.tenant("acme").send("loan.active", {});
    await outhook.dispatcher.start();
    await expect.poll(() => sent.length).toBe(1);
    await expect(outhook.dispatcher.stop({ graceMs: Number.NaN })).rejects.toMatchObject({ code: "invalid_options" });
    await expect(outhook.dispatcher.stop({ graceMs: -1 })).rejects.toMatchObject({ code: "invalid_options" });
    const stopped = outhook.dispatcher.stop({ graceMs: Infinity });
    // Node makes a millisecond of a timer that is too long.
    await pause(20);
    expect(closed).toBe(false);
    request.open();
    await stopped;
    expect((await outhook.tenant("acme").messages.get(id)).deliveries[0]?.status).toBe("succeeded");
  });

  it("leaves one life behind however often start and stop cross", async () => {
    const store = memoryStore();
    let beats = 0;
    const heartbeat: Store["upkeep"]["heartbeat"] = (input) => {
      beats += 1;
      return store.upkeep.heartbeat(input);
    };
    const { outhook } = await live({ store: { ...store, upkeep: { ...store.upkeep, heartbeat } } });
    const starts = [outhook.dispatcher.start()];
    await outhook.dispatcher.stop();
    starts.push(outhook.dispatcher.start());
    await Promise.all(starts);
    await expect.poll(() => beats).toBe(1);
    await outhook.close();
  });

  it("may be called twice, before start, and with a grace of 0", async () => {
    const { outhook } = await live({});
    await outhook.dispatcher.stop();
    await outhook.dispatcher.start();
    await within(500, () => Promise.all([outhook.dispatcher.stop({ graceMs: 0 }), outhook.dispatcher.stop()]));
    await outhook.dispatcher.stop();
  });
});

describe("listeners", () => {
  it("hear of each outcome once it is stored, and hurt nobody when they throw", async () => {
    const { outhook, logged } = await live({ answer: async (n) => (n === 1 ? status(500) : ok) });
    const acme = outhook.tenant("acme");
    await acme.endpoints.create({ url });
    const heard: unknown[] = [];
    outhook.on("delivery.retrying", () => {
      throw new Error("a bug of the host");
    });
    outhook.on("delivery.retrying", ({ statusCode, error, attempts }) => heard.push({ statusCode, error, attempts }));
    outhook.on("delivery.retrying", async () => {
      throw new Error("an asynchronous bug of the host");
    });
    const off = outhook.on("delivery.succeeded", ({ attempts }) => heard.push(attempts));
    await acme.send("loan.active", {});
    await outhook.dispatcher.runOnce();
    await acme.send("loan.active", {});
    await outhook.dispatcher.runOnce();
    off();
    await acme.send("loan.active", {});
    await outhook.dispatcher.runOnce();
    expect(heard).toEqual([{ statusCode: 500, error: "HTTP 500", attempts: 1 }, 1]);
    // The second one came within the same second.
    expect(logged).toEqual([expect.stringContaining('a listener of "delivery.retrying" threw')]);
  });
});
