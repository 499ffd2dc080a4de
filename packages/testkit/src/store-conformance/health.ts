import type { EndpointHealth, Settlement, Store } from "@outhook/core";
import assert from "node:assert/strict";
import type { CaseGroup } from "./case.ts";
import { elsewhere, endpointId, everywhere, home, t0 } from "./rows.ts";
import { attemptOf, claimAll, deliveryId, fanOutTo, only, settlementOf } from "./steps.ts";

const untouched: EndpointHealth = {
  endpointId: endpointId(1),
  consecutiveFailures: 0,
  exhaustedInRow: 0,
  failingSince: null,
  lastDeliveryAt: null,
  lastSuccessAt: null,
  lastError: null,
};

export const healthCases: CaseGroup = {
  group: "health",
  cases: [
    {
      name: "endpoints that never had an attempt are left out",
      run: async ({ store }) => {
        await count(store, t0, [{ endpoint: 1, health: "success" }]);
        await fanOutTo(store, 50, { to: [2] });
        const found = await store.log.health({ partitions: everywhere, endpointIds: [1, 2, 3].map(endpointId) });
        assert.deepEqual(
          found.map((health) => health.endpointId),
          [endpointId(1)],
        );
      },
    },
    {
      name: "failures count up from the first, and the last one tells its error",
      run: async ({ store }) => {
        await count(store, t0, [{ endpoint: 1, health: "failure", statusCode: 503 }]);
        assert.equal((await healthOf(store))?.lastError, "HTTP 503");
        await count(store, t0 + 5, [{ endpoint: 1, health: "failure", error: "The name has no address." }]);
        assert.deepEqual(await healthOf(store), {
          ...untouched,
          consecutiveFailures: 2,
          failingSince: t0,
          lastDeliveryAt: t0 + 5,
          lastError: "The name has no address.",
        });
      },
    },
    {
      name: "an exhausted schedule is a failure and counts by itself",
      run: async ({ store }) => {
        await count(store, t0, [
          { endpoint: 1, health: "failure" },
          { endpoint: 1, health: "exhausted" },
        ]);
        await count(store, t0 + 1, [{ endpoint: 1, health: "exhausted" }]);
        const health = await healthOf(store);
        assert.deepEqual([health?.consecutiveFailures, health?.exhaustedInRow], [3, 2]);
      },
    },
    {
      name: "failures are forgotten on request, and only they",
      run: async ({ store }) => {
        await count(store, t0, [
          { endpoint: 1, health: "success" },
          { endpoint: 1, health: "failure" },
          { endpoint: 2, health: "failure" },
        ]);
        const both = async () => await Promise.all([1, 2].map(async (endpoint) => await healthOf(store, endpoint)));
        const [first, second] = await both();
        for (const endpoint of [1, 3]) {
          await store.deliveries.forgetFailures({ partitions: everywhere, endpointId: endpointId(endpoint) });
        }
        assert.deepEqual(await both(), [
          { ...first, consecutiveFailures: 0, exhaustedInRow: 0, failingSince: null },
          second,
        ]);
      },
    },
    {
      name: "a success ends the failures",
      run: async ({ store }) => {
        await count(store, t0, [{ endpoint: 1, health: "exhausted", statusCode: 500 }]);
        await count(store, t0 + 5, [{ endpoint: 1, health: "success" }]);
        assert.deepEqual(await healthOf(store), {
          ...untouched,
          lastDeliveryAt: t0 + 5,
          lastSuccessAt: t0 + 5,
          lastError: "HTTP 500",
        });
      },
    },
    {
      name: "a batch counts in its order",
      run: async ({ store }) => {
        await count(store, t0, [
          { endpoint: 1, health: "failure" },
          { endpoint: 1, health: "failure" },
          { endpoint: 1, health: "success" },
          { endpoint: 1, health: "failure" },
          { endpoint: 2, health: "success" },
          { endpoint: 2, health: "failure" },
          { endpoint: 2, health: "success" },
        ]);
        const [one, two] = [await healthOf(store, 1), await healthOf(store, 2)];
        assert.deepEqual([one?.consecutiveFailures, one?.failingSince, one?.lastSuccessAt], [1, t0, t0]);
        assert.deepEqual([two?.consecutiveFailures, two?.failingSince], [0, null]);
      },
    },
    {
      name: "a delivery given up without an attempt counts and keeps what the last attempt left",
      run: async ({ store }) => {
        await count(store, t0, [{ endpoint: 1, health: "failure", statusCode: 500 }]);
        await fanOutTo(store, 900, { to: [1] });
        const claim = only(await claimAll(store, t0 + 5));
        const settlement = settlementOf(claim, { next: { status: "failed" }, health: "exhausted" });
        await store.deliveries.settle({ settlements: [settlement], now: t0 + 5 });
        const health = await healthOf(store);
        assert.equal(health?.consecutiveFailures, 2);
        assert.deepEqual([health.lastDeliveryAt, health.lastError], [t0, "HTTP 500"]);
      },
    },
    {
      name: "a settlement that does not count leaves it",
      run: async ({ store }) => {
        await count(store, t0, [{ endpoint: 1, health: null }]);
        assert.equal(await healthOf(store), null);
        await count(store, t0 + 1, [{ endpoint: 1, health: "failure" }]);
        const before = await healthOf(store);
        await count(store, t0 + 2, [{ endpoint: 1, health: null }]);
        assert.deepEqual(await healthOf(store), before);
      },
    },
    {
      name: "settling returns the health of the endpoints it counted failures for",
      run: async ({ store }) => {
        const returned = await count(store, t0, [
          { endpoint: 1, health: "failure" },
          { endpoint: 2, health: "success" },
          { endpoint: 3, health: "exhausted" },
          { endpoint: 4, health: null },
          { endpoint: 1, health: "failure" },
        ]);
        const expected = [await healthOf(store, 1), await healthOf(store, 3)];
        assert.deepEqual(
          returned.toSorted((a, b) => (a.endpointId < b.endpointId ? -1 : 1)),
          expected,
        );
        assert.equal(expected[0]?.consecutiveFailures, 2);
      },
    },
    {
      name: "an endpoint has one health over all its partitions",
      run: async ({ store }) => {
        await count(store, t0, [{ endpoint: 1, health: "failure" }]);
        await count(store, t0 + 1, [{ endpoint: 1, health: "failure", partition: elsewhere }]);
        assert.equal((await healthOf(store))?.consecutiveFailures, 2);
      },
    },
  ],
};

type Counted = {
  readonly endpoint: number;
  readonly health: Settlement["health"];
  readonly statusCode?: number;
  readonly error?: string;
  readonly partition?: number;
};

/** Settles one attempt for each of these, in one batch in this order. One call for each `at`. */
async function count(store: Store, at: number, counted: readonly Counted[]): Promise<readonly EndpointHealth[]> {
  const firstMessage = (at - t0) * 100 + 1;
  for (const [index, { endpoint, partition = home }] of counted.entries()) {
    await fanOutTo(store, firstMessage + index, { to: [endpoint], at, partition });
  }
  const claims = await claimAll(store, at);
  const settlements = counted.map(({ endpoint, health, statusCode, error }, index) => {
    const claim = claims.find(({ deliveryId: id }) => id === deliveryId(firstMessage + index, endpoint));
    assert.ok(claim, "each delivery is claimed");
    const answered = attemptOf(1, statusCode ?? 500);
    const attempt =
      error === undefined
        ? answered
        : ({ ...answered, statusCode: null, errorClass: "dns", error, responseBody: null } as const);
    return settlementOf(claim, { next: { status: "failed" }, attempt, health });
  });
  const settled = await store.deliveries.settle({ settlements, now: at });
  assert.ok(settled.results.every((result) => result === "settled"));
  return settled.health;
}

async function healthOf(store: Store, endpoint = 1): Promise<EndpointHealth | null> {
  const found = await store.log.health({ partitions: everywhere, endpointIds: [endpointId(endpoint)] });
  return found.length === 0 ? null : only(found);
}
