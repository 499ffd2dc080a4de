import type { Outcome } from "@outhook/core";
import { afterEach, describe, expect, it } from "vitest";
import type { Engine } from "./setup.ts";
import { ok, startEngine } from "./setup.ts";

const engines: Engine[] = [];
afterEach(async () => {
  for (const { outhook } of engines.splice(0)) await outhook.dispatcher.stop({ graceMs: 0 });
});

/** An engine whose loop runs; requests to hosts that begin with `hanging` are never answered. */
async function startLoop(options: Parameters<typeof startEngine>[0] = {}): Promise<Engine & { open: () => number }> {
  let open = 0;
  const never = new Promise<Outcome>(() => undefined);
  const engine = await startEngine({
    answer: ({ url }) => {
      if (!new URL(url).host.startsWith("hanging")) return ok;
      open += 1;
      return never;
    },
    ...options,
  });
  engines.push(engine);
  await engine.outhook.dispatcher.start();
  return { ...engine, open: () => open };
}

const many = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

async function addEndpoints(engine: Engine, name: string, count: number): Promise<void> {
  for (const n of many(count)) {
    await engine.outhook.tenant(`${name}${n}`).endpoints.create({ url: `https://${name}${n}.example.com/` });
  }
}

async function sendToEach(
  engine: Engine,
  name: string,
  { count, each }: { count: number; each: number },
): Promise<void> {
  const sends = many(count).flatMap((n) =>
    many(each).map(() => engine.outhook.tenant(`${name}${n}`).send("loan.active", {})),
  );
  await Promise.all(sends);
}

const patient = { timeout: 8_000 };

const sentTo = ({ sent }: Engine, name: string): number => sent.filter(({ url }) => url.includes(`//${name}`)).length;

describe("endpoints that never answer", () => {
  it.each([
    { hanging: 1, each: 100, open: 4 },
    { hanging: 16, each: 20, open: 64 },
    { hanging: 100, each: 5, open: 148 },
    { hanging: 500, each: 2, open: 160 },
  ])("keep nothing from others that answer: $hanging of them", async ({ hanging, each, open }) => {
    const engine = await startLoop();
    await addEndpoints(engine, "healthy", 20);
    await addEndpoints(engine, "hanging", hanging);
    await sendToEach(engine, "healthy", { count: 20, each: 1 });
    await expect.poll(() => sentTo(engine, "healthy"), patient).toBe(20);
    await sendToEach(engine, "hanging", { count: hanging, each });
    await expect.poll(engine.open, patient).toBe(open);
    for (const round of [1, 2, 3]) {
      await sendToEach(engine, "healthy", { count: 20, each: 5 });
      await expect.poll(() => sentTo(engine, "healthy"), patient).toBe(20 + round * 100);
    }
    expect(engine.open()).toBe(open);
  });

  it("leave a place for those of which nothing is known yet, also after a restart", async () => {
    const engine = await startLoop();
    await addEndpoints(engine, "hanging", 100);
    await sendToEach(engine, "hanging", { count: 100, each: 10 });
    await expect.poll(engine.open, patient).toBe(148);
    await addEndpoints(engine, "new", 40);
    await sendToEach(engine, "new", { count: 40, each: 5 });
    const arrivedSoFar = (): number => {
      // What found no place even to wait comes back after a second.
      engine.clock.advance(100);
      return sentTo(engine, "new");
    };
    await expect.poll(arrivedSoFar, patient).toBe(200);
  });

  it("have a single request open each when perEndpoint says so", async () => {
    const engine = await startLoop({ options: { dispatcher: { concurrency: 8, perEndpoint: 1 } } });
    await addEndpoints(engine, "hanging", 3);
    await sendToEach(engine, "hanging", { count: 3, each: 4 });
    await expect.poll(engine.open, patient).toBe(3);
  });
});

describe("an origin", () => {
  it("has at most perOrigin requests open over all tenants, and others have theirs meanwhile", async () => {
    let answerAll: (outcome: Outcome) => void = () => undefined;
    let answer: Outcome | Promise<Outcome> = ok;
    const engine = await startLoop({
      answer: ({ url }) => (url.includes("shared") ? answer : ok),
      options: { dispatcher: { perOrigin: 5 } },
    });
    for (const n of many(10)) {
      const { endpoints } = engine.outhook.tenant(`acme${n}`);
      await endpoints.create({ url: `https://shared.example.com/${n}` });
      await endpoints.create({ url: `https://own${n}.example.com/` });
    }
    await sendToEach(engine, "acme", { count: 10, each: 1 });
    await expect.poll(() => sentTo(engine, "shared"), patient).toBe(10);
    answer = new Promise((resolve) => (answerAll = resolve));
    await sendToEach(engine, "acme", { count: 10, each: 20 });
    await expect.poll(() => sentTo(engine, "own"), patient).toBe(210);
    expect(sentTo(engine, "shared")).toBe(15);
    answerAll(ok);
    await expect.poll(() => sentTo(engine, "shared"), patient).toBe(210);
  });
});

describe("a tenant with many endpoints and much to send", () => {
  // What is rate-limited is never leased at fan-out, and so has to wait for its turn among all that is due.
  it.each([
    { what: "what is new", rateLimit: null, within: 1_000 },
    { what: "what is due", rateLimit: 1_000, within: 300 * 8 },
  ])("delays another tenant by less than a turn: $what", async ({ rateLimit, within }) => {
    const engine = await startEngine({ options: { limits: { endpointsPerTenant: 300 } } });
    engines.push(engine);
    const { endpoints, send } = engine.outhook.tenant("large");
    for (const n of many(300)) await endpoints.create({ url: `https://large${n}.example.com/` });
    await engine.outhook.tenant("small0").endpoints.create({ url: "https://small0.example.com/", rateLimit });
    await Promise.all(many(50).map(() => send("loan.active", {})));
    await engine.outhook.dispatcher.start();
    await expect.poll(() => engine.sent.length, patient).toBeGreaterThan(1_000);
    const before = engine.sent.length;
    await sendToEach(engine, "small", { count: 1, each: 1 });
    await expect.poll(() => sentTo(engine, "small"), patient).toBe(1);
    const place = engine.sent.findIndex(({ url }) => url.includes("//small"));
    expect(place - before).toBeLessThan(within);
    expect(engine.sent.length).toBeGreaterThan(before);
  });
});
