import type { FanOut, Store } from "@outhook/core";
import assert from "node:assert/strict";
import type { CaseGroup } from "./case.ts";
import { endpointId, everywhere, home, messageId, messageRow, minute, second, t0 } from "./rows.ts";
import {
  awaiting,
  claimAll,
  claimedIds,
  deliveryId,
  fanOutClaim,
  readDelivery,
  settleOne,
  settlementOf,
} from "./steps.ts";

export const fanOutCases: CaseGroup = {
  group: "fan-out",
  cases: [
    {
      name: "it creates a delivery for each match, due at once, and marks the message",
      run: async ({ store }) => {
        await accept(store, 1);
        const wanted = [...matches(1, [1, 2]), ...matches(1, [3], { status: "skipped" })];
        const result = await fanOut(store, [fanOutOf(1, wanted)], t0 + 5);
        assert.deepEqual(result, { taken: 1, created: 3, leased: new Set() });
        assert.deepEqual(await awaiting(store), []);
        const found = await store.log.message({ partitions: everywhere, tenant: "acme", id: messageId(1) });
        const base = { tenant: "acme", messageId: messageId(1), type: "loan.active", attempts: 0 };
        const instants = { createdAt: t0 + 5, updatedAt: t0 + 5 };
        const expected = wanted.map(({ id, endpointId: endpoint, status }) => {
          const nextAttemptAt = status === "pending" ? t0 + 5 : null;
          return { id, endpointId: endpoint, status, nextAttemptAt, ...base, ...instants };
        });
        assert.equal(found?.fannedOut, true);
        assert.deepEqual(found.deliveries.toSorted(byId), expected.toSorted(byId));
        assert.equal((await claimAll(store, t0 + 5)).length, 2);
      },
    },
    {
      name: "a message that matched nothing is marked as well",
      run: async ({ store }) => {
        await accept(store, 1);
        assert.deepEqual(await fanOut(store, [fanOutOf(1, [])]), { taken: 1, created: 0, leased: new Set() });
        assert.deepEqual(await awaiting(store), []);
        const found = await store.log.message({ partitions: everywhere, tenant: "acme", id: messageId(1) });
        assert.deepEqual([found?.fannedOut, found?.deliveries], [true, []]);
      },
    },
    {
      name: "what is skipped is neither leased nor claimed",
      run: async ({ store }) => {
        await accept(store, 1);
        const result = await fanOut(store, [fanOutOf(1, matches(1, [1], { status: "skipped", lease: true }))]);
        assert.deepEqual(result, { taken: 1, created: 1, leased: new Set() });
        assert.deepEqual(await claimAll(store, t0 + minute), []);
        const { delivery } = await readDelivery(store, deliveryId(1, 1));
        assert.deepEqual([delivery.status, delivery.nextAttemptAt], ["skipped", null]);
      },
    },
    {
      name: "a second fan-out of a message changes nothing",
      run: async ({ store }) => {
        await accept(store, 1);
        const twice = [fanOutOf(1, matches(1, [1])), fanOutOf(1, matches(1, [1]))];
        assert.equal((await fanOut(store, twice)).created, 1);
        const before = await readDelivery(store, deliveryId(1, 1));
        const again = await fanOut(store, [fanOutOf(1, matches(1, [1, 2], { lease: true }))], t0 + minute);
        assert.deepEqual(again, { taken: 0, created: 0, leased: new Set() });
        assert.deepEqual(await readDelivery(store, deliveryId(1, 1)), before);
        const found = await store.log.message({ partitions: everywhere, tenant: "acme", id: messageId(1) });
        assert.equal(found?.deliveries.length, 1);
      },
    },
    {
      name: "what waits is fanned out beside what does not and what is unknown",
      run: async ({ store }) => {
        await accept(store, 1);
        await accept(store, 2);
        await fanOut(store, [fanOutOf(1, matches(1, [1]))]);
        const batch = [1, 9, 2].map((n) => fanOutOf(n, matches(n, [2])));
        assert.deepEqual(await fanOut(store, batch), { taken: 1, created: 1, leased: new Set() });
        assert.deepEqual((await claimedIds(store, t0)).toSorted(), [deliveryId(1, 1), deliveryId(2, 2)].toSorted());
      },
    },
    {
      name: "of two callers with one message one creates its deliveries",
      run: async ({ store, peer }) => {
        const other = await peer();
        for (let n = 1; n <= 8; n += 1) {
          await accept(store, n);
          const batch = [fanOutOf(n, matches(n, [1, 2], { lease: true }))];
          const [one, two] = await Promise.all([fanOut(store, batch), fanOut(other, batch)]);
          assert.deepEqual([one.taken + two.taken, one.created + two.created], [1, 2]);
          assert.deepEqual(
            [...one.leased, ...two.leased].toSorted(),
            batch[0]?.deliveries.map(({ id }) => id).toSorted(),
          );
        }
      },
    },
    {
      name: "a delivery is leased with fence 1 in the same step when that is asked for",
      run: async ({ store }) => {
        await accept(store, 1);
        const wanted = [...matches(1, [1], { lease: true }), ...matches(1, [2])];
        const result = await fanOut(store, [fanOutOf(1, wanted)]);
        assert.deepEqual(result, { taken: 1, created: 2, leased: new Set([deliveryId(1, 1)]) });
        assert.deepEqual(await claimedIds(store, t0), [deliveryId(1, 2)]);
        assert.deepEqual(await claimedIds(store, t0 + second), []);
        const settlement = settlementOf(fanOutClaim(1, 1), { next: { status: "succeeded" } });
        assert.equal(await settleOne(store, t0 + 1, { ...settlement, fence: 2 }), "lease_lost");
        assert.equal(await settleOne(store, t0 + 1, settlement), "settled");
      },
    },
    {
      name: "a lease taken at fan-out lapses like any other",
      run: async ({ store }) => {
        await accept(store, 1);
        await fanOut(store, [fanOutOf(1, matches(1, [1], { lease: true }))], t0 + 5);
        assert.deepEqual(await claimedIds(store, t0 + 5 + minute), [deliveryId(1, 1)]);
        const { attempts } = await readDelivery(store, deliveryId(1, 1));
        assert.deepEqual([attempts[0]?.startedAt, attempts[0]?.durationMs], [t0 + 5, minute]);
      },
    },
    {
      name: "a held endpoint is not leased",
      run: async ({ store }) => {
        const held = { partitions: everywhere, endpointId: endpointId(1) };
        await store.deliveries.hold({ ...held, holdMs: minute, now: t0 });
        await accept(store, 1);
        const result = await fanOut(store, [fanOutOf(1, matches(1, [1, 2], { lease: true }))]);
        assert.deepEqual(result, { taken: 1, created: 2, leased: new Set([deliveryId(1, 2)]) });
        const { delivery } = await readDelivery(store, deliveryId(1, 1));
        assert.deepEqual([delivery.status, delivery.attempts], ["pending", 0]);
      },
    },
  ],
};

async function accept(store: Store, n: number): Promise<void> {
  await store.messages.insert({ messages: [messageRow(n)] });
}

function fanOut(store: Store, messages: readonly FanOut[], at: number = t0): ReturnType<Store["deliveries"]["fanOut"]> {
  return store.deliveries.fanOut({ messages, leaseMs: minute, now: at });
}

function fanOutOf(n: number, deliveries: FanOut["deliveries"]): FanOut {
  return { partition: home, messageId: messageId(n), tenant: "acme", type: "loan.active", deliveries };
}

function matches(
  n: number,
  endpoints: readonly number[],
  { status = "pending", lease = false }: { readonly status?: "pending" | "skipped"; readonly lease?: boolean } = {},
): FanOut["deliveries"] {
  return endpoints.map((endpoint) => ({
    id: deliveryId(n, endpoint),
    endpointId: endpointId(endpoint),
    status,
    lease,
  }));
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1;
}
