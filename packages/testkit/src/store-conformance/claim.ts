import type { Store } from "@outhook/core";
import assert from "node:assert/strict";
import type { CaseGroup } from "./case.ts";
import { elsewhere, endpointId, everywhere, home, hour, messageId, messageRow, minute, second, t0 } from "./rows.ts";
import {
  attemptDue,
  claimAll,
  claimedIds,
  deliveryId,
  fanOutTo,
  only,
  redeliver,
  settleOne,
  settlementOf,
} from "./steps.ts";

export const claimCases: CaseGroup = {
  group: "claim",
  cases: [
    {
      name: "a claim carries all that an attempt needs",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        const { body } = messageRow(1);
        assert.deepEqual(await claimAll(store, t0), [
          {
            partition: home,
            deliveryId: deliveryId(1, 1),
            tenant: "acme",
            messageId: messageId(1),
            endpointId: endpointId(1),
            type: "loan.active",
            body,
            lane: "scheduled",
            fence: 1,
            attempts: 0,
            scheduledAttempts: 0,
            pace: null,
            lapsed: false,
          },
        ]);
      },
    },
    {
      name: "it takes what is due by now and not what comes later",
      run: async ({ store }) => {
        assert.deepEqual(await claimAll(store, t0), []);
        await fanOutTo(store, 1, { to: [1], at: t0 + second });
        assert.deepEqual(await claimAll(store, t0 + second - 1), []);
        assert.equal((await claimAll(store, t0 + second)).length, 1);
      },
    },
    {
      name: "of one endpoint it takes what is due first",
      run: async ({ store }) => {
        const shuffled = Array.from({ length: 20 }, (_, index) => (index * 7) % 20);
        for (const n of shuffled) await fanOutTo(store, n, { to: [1], at: t0 + n });
        for (const first of [0, 5, 10, 15]) {
          const ids = await claimedIds(store, t0 + second + first, { limit: 5, perEndpoint: 5 });
          const expected = [0, 1, 2, 3, 4].map((index) => deliveryId(first + index, 1));
          assert.deepEqual(ids.toSorted(), expected.toSorted());
        }
      },
    },
    {
      name: "it takes no more than the limit",
      run: async ({ store }) => {
        for (const n of [1, 2, 3]) await fanOutTo(store, n, { to: [1, 2] });
        assert.equal((await claimAll(store, t0, { limit: 4 })).length, 4);
        assert.equal((await claimAll(store, t0, { limit: 4 })).length, 2);
      },
    },
    {
      name: "it takes no more than perEndpoint of each",
      run: async ({ store }) => {
        for (const n of [1, 2, 3]) await fanOutTo(store, n, { to: [1, 2] });
        const claims = await claimAll(store, t0, { perEndpoint: 2 });
        assert.deepEqual(claims.map((claim) => claim.endpointId).toSorted(), [1, 1, 2, 2].map(endpointId));
      },
    },
    {
      name: "room stands in for perEndpoint where it names the endpoint",
      run: async ({ store }) => {
        for (const n of [1, 2, 3, 4]) await fanOutTo(store, n, { to: [1, 2] });
        const room = new Map([
          [endpointId(1), 1],
          [endpointId(2), 3],
        ]);
        const claims = await claimAll(store, t0, { perEndpoint: 2, room });
        assert.deepEqual(claims.map((claim) => claim.endpointId).toSorted(), [1, 2, 2, 2].map(endpointId));
      },
    },
    {
      name: "an endpoint without room is left out and keeps its turn",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1], at: t0 });
        await fanOutTo(store, 2, { to: [2], at: t0 + 1 });
        await fanOutTo(store, 3, { to: [2], at: t0 + 2 });
        const one = { limit: 1, perEndpoint: 1 };
        const full = new Map([[endpointId(1), 0]]);
        assert.deepEqual(await claimedIds(store, t0 + second, { ...one, room: full }), [deliveryId(2, 2)]);
        const [next] = await claimedIds(store, t0 + 2 * second, one);
        assert.equal(next, deliveryId(1, 1));
      },
    },
    {
      name: "rows of endpoints without room do not hide others",
      run: async ({ store }) => {
        const full = [1, 2, 3];
        await fanOutToEveryPartition(store, { to: full, at: t0 });
        await fanOutTo(store, 100, { to: [4], at: t0 + second });
        const room = new Map(full.map((n) => [endpointId(n), 0]));
        assert.deepEqual(await claimedIds(store, t0 + minute, { limit: 4, room }), [deliveryId(100, 4)]);
      },
    },
    {
      name: "rows of endpoints whose room is taken do not hide others",
      run: async ({ store }) => {
        await fanOutToEveryPartition(store, { to: [1, 2, 3], at: t0 });
        await fanOutTo(store, 100, { to: [4], at: t0 + second });
        const claims = await claimAll(store, t0 + minute, { limit: 4, perEndpoint: 1 });
        assert.deepEqual(claims.map((claim) => claim.endpointId).toSorted(), [1, 2, 3, 4].map(endpointId));
      },
    },
    {
      name: "the bound of an endpoint counts its lanes and partitions together",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        await fanOutTo(store, 2, { to: [1] });
        await fanOutTo(store, 3, { to: [1], partition: elsewhere });
        assert.equal(await redeliver(store, deliveryId(1, 1), t0), "queued");
        assert.equal((await claimAll(store, t0, { perEndpoint: 2 })).length, 2);
        assert.equal((await claimAll(store, t0, { perEndpoint: 2 })).length, 1);
      },
    },
    {
      name: "endpoints take turns",
      run: async ({ store }) => {
        for (const n of [1, 2, 3]) await fanOutTo(store, n, { to: [1, 2, 3], at: t0 + n });
        const served: string[] = [];
        for (let turn = 1; turn <= 9; turn += 1) {
          const claims = await claimAll(store, t0 + turn * second, { limit: 1, perEndpoint: 1 });
          served.push(...claims.map((claim) => claim.endpointId));
        }
        for (const start of [0, 3, 6]) {
          assert.deepEqual(served.slice(start, start + 3).toSorted(), [1, 2, 3].map(endpointId));
        }
      },
    },
    {
      name: "an endpoint with a backlog does not keep a newer one waiting",
      run: async ({ store }) => {
        for (let n = 1; n <= 40; n += 1) await fanOutTo(store, n, { to: [1], at: t0 });
        await claimAll(store, t0 + second, { limit: 4, perEndpoint: 4 });
        await fanOutTo(store, 50, { to: [2], at: t0 + 2 * second });
        const ids = await claimedIds(store, t0 + 3 * second, { limit: 4, perEndpoint: 4 });
        ids.push(...(await claimedIds(store, t0 + 4 * second, { limit: 4, perEndpoint: 4 })));
        assert.ok(ids.includes(deliveryId(50, 2)), `claimed ${ids.length} of the backlog only`);
      },
    },
    {
      name: "what was served before the clock was set back does not wait for that time",
      run: async ({ store }) => {
        for (const n of [1, 2]) await fanOutTo(store, n, { to: [1] });
        await fanOutTo(store, 3, { to: [2] });
        await claimAll(store, t0 + hour, { perEndpoint: 1 });
        assert.equal(await nextDueInMs(store, t0), 0);
        assert.deepEqual(await claimedIds(store, t0), [deliveryId(2, 1)]);
        const id = only(await fanOutTo(store, 4, { to: [2] }));
        assert.equal(await nextDueInMs(store, t0), 0);
        const claim = only(await claimAll(store, t0));
        assert.equal(claim.deliveryId, id);
        await settleOne(store, t0, settlementOf(claim, { next: { status: "succeeded" } }));
        await redeliver(store, id, t0 + hour);
        const again = only(await claimAll(store, t0 + hour, { limit: 1, room: new Map([[endpointId(1), 0]]) }));
        await settleOne(store, t0, settlementOf(again, { next: { status: "succeeded" } }));
        await redeliver(store, id, t0);
        assert.equal(await nextDueInMs(store, t0), 0);
        assert.deepEqual(await claimedIds(store, t0), [id]);
      },
    },
    {
      name: "it takes from the named partitions only",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        await fanOutTo(store, 2, { to: [1], partition: elsewhere });
        assert.deepEqual(await claimedIds(store, t0, { partitions: [] }), []);
        assert.deepEqual(await claimedIds(store, t0, { partitions: [elsewhere] }), [deliveryId(2, 1)]);
        assert.deepEqual(await claimedIds(store, t0, { partitions: [elsewhere, home] }), [deliveryId(1, 1)]);
      },
    },
    {
      name: "a lease hides a delivery to its last millisecond",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        await claimAll(store, t0, { leaseMs: minute });
        assert.deepEqual(await claimAll(store, t0 + minute - 1), []);
        assert.equal((await claimAll(store, t0 + minute)).length, 1);
      },
    },
    {
      name: "the fence grows with every claim",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        const id = deliveryId(1, 1);
        const fences = [(await attemptDue(store, t0, { next: { status: "pending", delayMs: second } })).fence];
        fences.push(only(await claimAll(store, t0 + second)).fence);
        fences.push((await attemptDue(store, t0 + second + minute, { next: { status: "succeeded" } })).fence);
        await redeliver(store, id, t0 + 3 * minute);
        fences.push(only(await claimAll(store, t0 + 3 * minute)).fence);
        assert.deepEqual(
          fences,
          [...new Set(fences)].toSorted((a, b) => a - b),
        );
      },
    },
    {
      name: "without now the store's own clock decides",
      run: async ({ store }) => {
        await store.messages.insert({ messages: [messageRow(1)] });
        const deliveries = [
          { id: deliveryId(1, 1), endpointId: endpointId(1), status: "pending", lease: false },
        ] as const;
        const message = { partition: home, messageId: messageId(1), tenant: "acme", type: "loan.active", deliveries };
        await store.deliveries.fanOut({ messages: [message], leaseMs: hour });
        const bounds = { partitions: [home], limit: 9, perEndpoint: 9, room: new Map<string, number>(), leaseMs: hour };
        const claim = only(await store.deliveries.claim(bounds));
        assert.deepEqual(await store.deliveries.claim(bounds), []);
        assert.notEqual(await store.deliveries.nextDueInMs({ partitions: [home] }), null);
        const settlements = [settlementOf(claim, { next: { status: "pending", delayMs: 0 } })];
        await store.deliveries.settle({ settlements });
        assert.equal((await store.deliveries.claim(bounds)).length, 1);
      },
    },
    {
      name: "no delivery goes to two claimers",
      run: async ({ store, peer }) => {
        const other = await peer();
        for (let round = 1; round <= 8; round += 1) {
          const at = t0 + round * second;
          const ids = await fanOutTo(store, round, { to: [1, 2, 3, 4, 5, 6], at });
          const [one, two] = await Promise.all([
            claimedIds(store, at, { limit: 4, perEndpoint: 1 }),
            claimedIds(other, at, { limit: 4, perEndpoint: 1 }),
          ]);
          const rest = await claimedIds(store, at);
          assert.deepEqual([...one, ...two, ...rest].toSorted(), ids.toSorted());
        }
      },
    },
  ],
};

/** Gives these endpoints a due delivery in every partition. */
async function fanOutToEveryPartition(
  store: Store,
  { to, at }: { readonly to: readonly number[]; readonly at: number },
): Promise<void> {
  for (const partition of everywhere) await fanOutTo(store, partition + 1, { to, at, partition });
}

function nextDueInMs(store: Store, at: number): Promise<number | null> {
  return store.deliveries.nextDueInMs({ partitions: everywhere, now: at });
}
