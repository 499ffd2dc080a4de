import type { Store } from "@outhook/core";
import assert from "node:assert/strict";
import type { CaseGroup } from "./case.ts";
import { elsewhere, endpointId, everywhere, home, minute, second, t0 } from "./rows.ts";
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

export const holdCases: CaseGroup = {
  group: "hold",
  cases: [
    {
      name: "what waits and what comes is not claimed until the hold is over",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        await hold(store, minute);
        await fanOutTo(store, 2, { to: [1] });
        assert.deepEqual(await claimAll(store, t0 + minute - 1), []);
        assert.equal((await claimAll(store, t0 + minute)).length, 2);
      },
    },
    {
      name: "a hold of 0 ends any hold",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        await hold(store, minute);
        await hold(store, 0, { at: t0 + second });
        assert.equal((await claimAll(store, t0 + second)).length, 1);
      },
    },
    {
      name: "a hold is of its endpoint in the named partitions",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1, 2] });
        await fanOutTo(store, 2, { to: [1], partition: elsewhere });
        await hold(store, minute, { partitions: [home] });
        const expected = [deliveryId(1, 2), deliveryId(2, 1)];
        assert.deepEqual((await claimedIds(store, t0)).toSorted(), expected.toSorted());
      },
    },
    {
      name: "a shorter hold never shortens a longer one",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        await hold(store, minute);
        await hold(store, second);
        assert.deepEqual(await claimAll(store, t0 + 2 * second), []);
      },
    },
    {
      name: "a settlement can hold its endpoint back",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        await fanOutTo(store, 2, { to: [2] });
        await holdBySettling(store, minute);
        await fanOutTo(store, 3, { to: [1, 2] });
        const ids = await claimedIds(store, t0 + 2 * second);
        assert.deepEqual(ids, [deliveryId(3, 2)]);
        assert.deepEqual(await claimedIds(store, t0 + minute, { limit: 1 }), [deliveryId(3, 1)]);
      },
    },
    {
      name: "a settlement's shorter hold never shortens a longer one",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        await fanOutTo(store, 2, { to: [2] });
        const claims = await claimAll(store, t0);
        await hold(store, minute);
        for (const claim of claims) {
          await settleOne(store, t0, settlementOf(claim, { next: { status: "succeeded" }, holdMs: second }));
        }
        await fanOutTo(store, 3, { to: [1] });
        assert.deepEqual(await claimAll(store, t0 + 2 * second), []);
      },
    },
    {
      name: "a hold by a settlement of the manual lane holds the scheduled one",
      run: async ({ store }) => {
        const id = only(await fanOutTo(store, 1, { to: [1] }));
        await redeliver(store, id, t0);
        await attemptDue(store, t0, { next: { status: "failed" }, holdMs: minute });
        await fanOutTo(store, 2, { to: [1] });
        assert.deepEqual(await claimAll(store, t0 + 2 * second), []);
        assert.equal((await claimAll(store, t0 + minute)).length, 1);
      },
    },
    {
      name: "the manual lane passes a hold",
      run: async ({ store }) => {
        for (const n of [1, 2]) await fanOutTo(store, n, { to: [1] });
        await hold(store, minute);
        await redeliver(store, deliveryId(1, 1), t0);
        assert.deepEqual(await claimedIds(store, t0), [deliveryId(1, 1)]);
      },
    },
  ],
};

function hold(
  store: Store,
  holdMs: number,
  { partitions = everywhere, at = t0 }: { readonly partitions?: readonly number[]; readonly at?: number } = {},
): Promise<void> {
  return store.deliveries.hold({ partitions, endpointId: endpointId(1), holdMs, now: at });
}

/** Settles all that is due, with a hold for endpoint 1. */
async function holdBySettling(store: Store, holdMs: number): Promise<void> {
  for (const claim of await claimAll(store, t0)) {
    const held = claim.endpointId === endpointId(1) ? holdMs : null;
    await settleOne(store, t0, settlementOf(claim, { next: { status: "succeeded" }, holdMs: held }));
  }
}
