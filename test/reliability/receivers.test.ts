import type { AnyEvents, Attempt, Delivery, Outhook } from "@outhook/core";
import { createOuthook, memoryStore } from "@outhook/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Child } from "../crash/processes.ts";
import { startChild } from "../crash/processes.ts";
import { watchMemory } from "./memory.ts";
import type { Misbehaviour } from "./misbehaviour.ts";
import { misbehaviours, pemOf, wellBehaved } from "./misbehaviours.ts";

/** Less than an endpoint may ask for: the dispatcher cuts it. */
const timeoutSeconds = 1;
const latestMs = timeoutSeconds * 1_000 + 500;
const maxGrowthBytes = 20 * 1024 * 1024;
const rounds = 2;
const all = [...wellBehaved, ...misbehaviours];

/** What came of the last message that a receiver got in a round. */
type Result = {
  readonly tenant: string;
  readonly endpointId: string;
  readonly delivery: Delivery;
  readonly attempts: readonly Attempt[];
};

const results: (Result & { readonly name: string })[] = [];
const growths: number[] = [];
const faults: unknown[] = [];
const onFault = (error: unknown): void => void faults.push(error);
let receivers: Child;
let outhook: Outhook<AnyEvents, never>;

/** By message: called with its delivery's id when an attempt is settled. */
const waiting = new Map<string, (deliveryId: string) => void>();

async function deliver(misbehaviour: Misbehaviour, port: number, round: number): Promise<Result> {
  const { name, certificate, bodyBytes = 0, messages = 1 } = misbehaviour;
  const { scheme = certificate === undefined ? "http" : "https" } = misbehaviour;
  const tenant = `${round} ${name}`;
  const { send, endpoints, deliveries } = outhook.tenant(tenant);
  const { endpoint } = await endpoints.create({ url: `${scheme}://localhost:${port}/` });
  let deliveryId = "";
  for (let n = 0; n < messages; n += 1) {
    const { id } = await send("loan.active", { note: "x".repeat(bodyBytes) });
    deliveryId = await new Promise((resolve) => waiting.set(id, resolve));
  }
  return { tenant, endpointId: endpoint.id, ...(await deliveries.get(deliveryId)) };
}

beforeAll(async () => {
  process.on("unhandledRejection", onFault).on("uncaughtException", onFault);
  receivers = startChild("../reliability/receivers-process.ts", []);
  outhook = createOuthook({
    store: memoryStore(),
    secretKeys: "plaintext",
    network: {
      allow: ["127.0.0.0/8"],
      allowHttp: true,
      ca: [pemOf("trusted"), pemOf("expired"), pemOf("other-name")],
    },
    dispatcher: { maxTimeoutSeconds: timeoutSeconds },
    random: () => 0,
    logger: { warn: () => undefined, error: () => undefined },
  });
  for (const name of ["delivery.succeeded", "delivery.retrying", "delivery.failed"] as const) {
    outhook.on(name, ({ messageId, deliveryId }) => waiting.get(messageId)?.(deliveryId));
  }
  await outhook.migrate();
  await outhook.dispatcher.start();
  await receivers.printed(1);
  const ports: Readonly<Record<string, number>> = JSON.parse(receivers.lines[0] ?? "{}");
  const deliverTo = (one: Misbehaviour, round: number): Promise<Result> => deliver(one, ports[one.name] ?? 0, round);

  // Loads the HTTP client and the root certificates, which takes long but is no receiver's doing.
  for (const one of wellBehaved) await deliverTo(one, 0);
  for (let round = 1; round <= rounds; round += 1) {
    const memory = watchMemory();
    const settled = await Promise.all(all.map(async (one) => ({ name: one.name, ...(await deliverTo(one, round)) })));
    growths.push(memory.end());
    results.push(...settled);
  }
}, 20_000);

afterAll(async () => {
  await outhook.close();
  await receivers.kill();
  process.off("unhandledRejection", onFault).off("uncaughtException", onFault);
});

describe("a delivery to a receiver that", () => {
  it.each(all)("$name ends in time and as it should", async ({ name, expected }) => {
    const ownResults = results.filter((result) => result.name === name);
    expect(ownResults).toHaveLength(rounds);
    for (const { tenant, endpointId, delivery, attempts } of ownResults) {
      expect(delivery).toMatchObject({ status: expected.status, attempts: 1 });
      for (const attempt of attempts) expectAttempt(attempt, expected);
      if (delivery.status === "pending") expect(waitSecondsOf(delivery, attempts)).toBe(expected.retryInSeconds ?? 60);
      const { endpoints } = outhook.tenant(tenant);
      const readStatus = async (): Promise<string> => (await endpoints.get(endpointId)).status;
      await expect.poll(readStatus).toBe(expected.outcome === 410 ? "disabled" : "active");
    }
  });
});

function expectAttempt(attempt: Attempt, { outcome, responseBody = /^/ }: Misbehaviour["expected"]): void {
  expect(attempt.errorClass ?? attempt.statusCode).toBe(outcome);
  expect(attempt.durationMs).toBeLessThanOrEqual(latestMs);
  expect(attempt.responseBody ?? "").toMatch(responseBody);
}

/** From the end of the attempt to the next one, to within 2 s: a date has whole seconds, and settling takes time. */
function waitSecondsOf({ nextAttemptAt }: Delivery, [attempt]: readonly Attempt[]): number {
  const { startedAt = NaN, durationMs = NaN } = attempt ?? {};
  const waitSeconds = ((nextAttemptAt ?? NaN) - startedAt - durationMs) / 1_000;
  const rounded = Math.round(waitSeconds / 20) * 20;
  return Math.abs(waitSeconds - rounded) <= 2 ? rounded : waitSeconds;
}

describe("all of them at once", () => {
  it("leave no error behind that nobody handles", () => {
    expect(faults).toEqual([]);
  });

  it("make this process grow by less than 20 MiB at any time", () => {
    console.log(`grew by ${growths.map((bytes) => Math.round(bytes / 2 ** 20)).join(" and ")} MiB`);
    // Of all rounds the one with the least noise: what receivers cause would show in each.
    expect(Math.min(...growths)).toBeLessThan(maxGrowthBytes);
  });
});
