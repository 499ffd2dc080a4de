import type { AnyEvents, Outcome, Outhook } from "@outhook/core";
import { memoryStore } from "@outhook/core";
import type { Principal } from "@outhook/core/http";
import { createHandler } from "@outhook/core/http";
import type { ManualClock } from "@outhook/testkit";
import { manualClock } from "@outhook/testkit";
import { describe, expect, it } from "vitest";
import { dinieContract } from "../../examples/contracts/dinie/contract.ts";
import { createDinie } from "../../examples/contracts/dinie/outhook.ts";
import type { Host } from "../../examples/contracts/host.ts";
import { instaVmContract } from "../../examples/contracts/instavm/contract.ts";
import { createInstaVm } from "../../examples/contracts/instavm/outhook.ts";
import { createPage, failedAfter, retrySeconds } from "./documents/dinie.ts";
import { createPage as instaVmPage } from "./documents/instavm.ts";

const url = "https://hooks.example.com/in";
const principal: Principal = { tenant: "7", can: "manage" };
const failure: Outcome = { kind: "response", statusCode: 500, retryAfter: null, body: "" };

/** A host whose receivers always fail, with a clock that is moved by hand. */
function failingHost(): {
  readonly host: Host<never>;
  readonly clock: ManualClock;
  readonly sentAt: readonly number[];
} {
  const clock = manualClock();
  const sentAt: number[] = [];
  const transport = {
    send: async (): Promise<Outcome> => {
      sentAt.push(clock.now());
      return failure;
    },
    close: async (): Promise<void> => undefined,
  };
  return { host: { store: memoryStore({ now: clock.now }), secretKeys: "plaintext", clock, transport }, clock, sentAt };
}

/** Moves the clock to what is due next until nothing is. */
async function runToTheEnd(
  { dispatcher }: Pick<Outhook<AnyEvents, never>, "dispatcher">,
  clock: ManualClock,
): Promise<void> {
  for (;;) {
    const { nextDueAt } = await dispatcher.runOnce();
    if (nextDueAt === null) return;
    clock.set(Math.max(clock.now(), nextDueAt.getTime()));
  }
}

const post = (body: unknown, headers: Readonly<Record<string, string>> = {}): Request =>
  new Request("https://api.example.com/webhooks/endpoints", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

/** The seconds between one and the next. */
const pausesOf = (sentAt: readonly number[]): readonly number[] =>
  sentAt.slice(1).map((at, index) => (at - (sentAt[index] ?? 0)) / 1_000);

/** The pauses of a schedule, each up to a tenth longer. */
function expectPauses(sentAt: readonly number[], seconds: readonly number[]): void {
  const pauses = pausesOf(sentAt);
  expect(pauses).toHaveLength(seconds.length);
  for (const [index, planned] of seconds.entries()) {
    expect(pauses[index]).toBeGreaterThanOrEqual(planned);
    expect(pauses[index]).toBeLessThanOrEqual(planned * 1.1 + 0.001);
  }
}

describe("Dinie's retries", () => {
  it("come after the pauses of the guide's table, and then the delivery has failed", async () => {
    const { host, clock, sentAt } = failingHost();
    const outhook = createDinie(host);
    await outhook.migrate();
    const partner = outhook.tenant("partner_demo");
    const { endpoint } = await partner.endpoints.create({ url });
    await partner.send("loan.active", {});
    await runToTheEnd(outhook, clock);

    expect(retrySeconds).toHaveLength(failedAfter.attempts);
    expectPauses(sentAt, retrySeconds);
    const { data } = await partner.deliveries.list({ endpointId: endpoint.id });
    expect(data).toMatchObject([{ status: failedAfter.status, attempts: retrySeconds.length + 1 }]);
  });

  it("are not needed for the same request under an idempotency key within the hours that the page names", async () => {
    const [, hours] = /Cached for (\d+) hours/.exec(createPage.headers.texts["Idempotency-Key"] ?? "") ?? [];
    expect(hours).toBe("24");
    const { host, clock } = failingHost();
    const outhook = createDinie(host);
    await outhook.migrate();
    const handler = createHandler(outhook, { authenticate: () => principal, contract: dinieContract });
    const create = async (): Promise<string> =>
      await (await handler(post({ url }, { "idempotency-key": "partner-onboard-joao" }))).text();
    const first = await create();
    clock.advance(Number(hours) * 3_600_000 - 1);
    expect(await create()).toBe(first);
    clock.advance(1);
    expect(await create()).not.toBe(first);
  });
});

describe("InstaVM's retries", () => {
  const { minimum = NaN, maximum = NaN } = instaVmPage.request.schema.properties?.["max_retries"] ?? {};

  it.each([minimum, 2, maximum, undefined])("are as many as max_retries: %s", async (count) => {
    const { host, clock, sentAt } = failingHost();
    const outhook = createInstaVm(host);
    await outhook.migrate();
    const handler = createHandler(outhook, { authenticate: () => principal, contract: instaVmContract });
    expect((await handler(post({ url, max_retries: count }))).status).toBe(200);
    await outhook.tenant("7").send("vm.created", {});
    await runToTheEnd(outhook, clock);
    expectPauses(sentAt, [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000].slice(0, count));
  });
});
