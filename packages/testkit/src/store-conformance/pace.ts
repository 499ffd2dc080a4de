import type { Claim, Store } from "@outhook/core";
import assert from "node:assert/strict";
import type { CaseGroup } from "./case.ts";
import { elsewhere, endpointId, everywhere, home, minute, second, t0 } from "./rows.ts";
import { claimAll, claimedIds, deliveryId, fanOutTo, redeliver, settleOne, settlementOf } from "./steps.ts";

export const paceCases: CaseGroup = {
  group: "pace",
  cases: [
    {
      name: "a claim takes no more than the pace, and the row then waits for as long as they take",
      run: async ({ store }) => {
        await fanOutMany(store, 12);
        await pace(store, 5);
        assert.equal((await claimAll(store, t0)).length, 5);
        assert.deepEqual(await claimAll(store, t0 + second - 1), []);
        assert.equal((await claimAll(store, t0 + second)).length, 5);
        assert.equal((await claimAll(store, t0 + 2 * second)).length, 2);
      },
    },
    {
      name: "a claim that takes less waits for less, rounded up to a millisecond",
      run: async ({ store }) => {
        await pace(store, 3);
        await fanOutTo(store, 1, { to: [1] });
        assert.equal((await claimAll(store, t0)).length, 1);
        for (const n of [2, 3]) await fanOutTo(store, n, { to: [1] });
        assert.deepEqual(await claimAll(store, t0 + 333), []);
        assert.equal((await claimAll(store, t0 + 334)).length, 2);
        await fanOutTo(store, 4, { to: [1] });
        assert.deepEqual(await claimAll(store, t0 + 334 + 666), []);
        assert.equal((await claimAll(store, t0 + 334 + 667)).length, 1);
      },
    },
    {
      name: "what waits for its pace is due when that is over",
      run: async ({ store }) => {
        await fanOutMany(store, 3);
        await pace(store, 2);
        await claimAll(store, t0);
        const ms = await store.deliveries.nextDueInMs({ partitions: everywhere, now: t0 + 1 });
        assert.ok(ms !== null && ms > 0 && ms <= 999, `${ms} ms, expected 1 to 999`);
      },
    },
    {
      name: "a claim says the pace of its row",
      run: async ({ store }) => {
        await fanOutMany(store, 2);
        await fanOutTo(store, 100, { to: [2] });
        await pace(store, 5);
        const claims = await claimAll(store, t0);
        assert.deepEqual(new Set(claims.map(paceByEndpoint)), new Set([`${endpointId(1)} 5`, `${endpointId(2)} null`]));
      },
    },
    {
      name: "a pace of null lets the row give any number",
      run: async ({ store }) => {
        await fanOutMany(store, 12);
        await pace(store, 5);
        await pace(store, null);
        const claims = await claimAll(store, t0);
        assert.deepEqual([claims.length, claims[0]?.pace], [12, null]);
      },
    },
    {
      name: "the later of two paces counts",
      run: async ({ store }) => {
        await fanOutMany(store, 12);
        await pace(store, 2);
        await pace(store, 7);
        assert.equal((await claimAll(store, t0)).length, 7);
        assert.equal((await claimAll(store, t0 + second)).length, 5);
      },
    },
    {
      name: "a pace is of its endpoint in the named partitions",
      run: async ({ store }) => {
        for (const n of [1, 2]) await fanOutTo(store, n, { to: [1, 2] });
        for (const n of [3, 4]) await fanOutTo(store, n, { to: [1], partition: elsewhere });
        await pace(store, 1, [home]);
        const ids = await claimedIds(store, t0);
        const unpaced = [deliveryId(1, 2), deliveryId(2, 2), deliveryId(3, 1), deliveryId(4, 1)];
        assert.equal(ids.length, 5);
        assert.deepEqual(ids.filter((id) => unpaced.includes(id)).toSorted(), unpaced.toSorted());
      },
    },
    {
      name: "each partition keeps count for itself",
      run: async ({ store }) => {
        for (const n of [1, 2]) await fanOutTo(store, n, { to: [1] });
        for (const n of [3, 4]) await fanOutTo(store, n, { to: [1], partition: elsewhere });
        await pace(store, 1);
        assert.equal((await claimAll(store, t0)).length, 2);
        assert.deepEqual(await claimAll(store, t0 + second - 1), []);
        assert.equal((await claimAll(store, t0 + second)).length, 2);
      },
    },
    {
      name: "the manual lane is not paced",
      run: async ({ store }) => {
        const ids = await fanOutMany(store, 5);
        await pace(store, 1);
        for (const id of ids.slice(2)) await redeliver(store, id, t0);
        const claims = await claimAll(store, t0);
        const manual = claims.filter(({ lane }) => lane === "manual");
        assert.deepEqual([manual.length, claims.length], [3, 4]);
        assert.deepEqual(new Set(manual.map((claim) => claim.pace)), new Set([null]));
      },
    },
    {
      name: "a longer hold stays",
      run: async ({ store }) => {
        await fanOutMany(store, 2);
        await pace(store, 1);
        const [claim] = await claimAll(store, t0);
        assert.ok(claim);
        const holding = settlementOf(claim, { next: { status: "released", delayMs: 0 }, holdMs: minute });
        assert.equal(await settleOne(store, t0, holding), "settled");
        assert.deepEqual(await claimAll(store, t0 + 2 * second), []);
        assert.equal((await claimAll(store, t0 + minute)).length, 1);
      },
    },
    {
      name: "a paced endpoint is not leased at fan-out",
      run: async ({ store }) => {
        await pace(store, 5);
        const ids = await fanOutTo(store, 1, { to: [1, 2], lease: true });
        assert.deepEqual(await claimedIds(store, t0), [ids[0]]);
      },
    },
    {
      name: "two claimers together take no more than the pace",
      run: async ({ store, peer }) => {
        const other = await peer();
        await fanOutMany(store, 30);
        await pace(store, 3);
        for (let round = 0; round < 8; round += 1) {
          const at = t0 + round * second;
          const [one, two] = await Promise.all([claimAll(store, at), claimAll(other, at)]);
          assert.equal(one.length + two.length, 3);
        }
      },
    },
  ],
};

function pace(store: Store, perSecond: number | null, partitions: readonly number[] = everywhere): Promise<void> {
  return store.deliveries.pace({ partitions, endpointId: endpointId(1), perSecond });
}

/** Gives endpoint 1 so many deliveries that are due. */
async function fanOutMany(store: Store, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let n = 1; n <= count; n += 1) ids.push(...(await fanOutTo(store, n, { to: [1] })));
  return ids;
}

function paceByEndpoint(claim: Claim): string {
  return `${claim.endpointId} ${claim.pace}`;
}
