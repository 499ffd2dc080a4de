import type { Store } from "@outhook/core";
import assert from "node:assert/strict";
import type { CaseGroup } from "./case.ts";
import { elsewhere, endpointId, everywhere, home, hour, minute, t0 } from "./rows.ts";
import {
  attemptDue,
  attemptOf,
  claimAll,
  claimedIds,
  deliveryId,
  fanOutTo,
  only,
  readDelivery,
  redeliver,
  settleOne,
  settlementOf,
} from "./steps.ts";

export const cancelCases: CaseGroup = {
  group: "cancel",
  cases: [
    {
      name: "it cancels up to the limit and says how many",
      run: async ({ store }) => {
        for (const n of [1, 2, 3]) await fanOutTo(store, n, { to: [1] });
        assert.equal(await cancel(store, { limit: 2 }), 2);
        const found = await Promise.all([1, 2, 3].map((n) => readDelivery(store, deliveryId(n, 1))));
        assert.deepEqual(found.map(({ delivery }) => delivery.status).toSorted(), [
          "cancelled",
          "cancelled",
          "pending",
        ]);
        assert.equal(await cancel(store, { limit: 2 }), 1);
        assert.equal(await cancel(store, { limit: 2 }), 0);
        assert.deepEqual(await claimAll(store, t0 + hour), []);
      },
    },
    {
      name: "a lease on what is cancelled is lost",
      run: async ({ store }) => {
        const id = only(await fanOutTo(store, 1, { to: [1] }));
        const claim = only(await claimAll(store, t0));
        assert.equal(await cancel(store), 1);
        const settlement = settlementOf(claim, { next: { status: "succeeded" }, attempt: attemptOf(1, 200) });
        assert.equal(await settleOne(store, t0, settlement), "lease_lost");
        const { delivery, attempts } = await readDelivery(store, id);
        assert.deepEqual([delivery.status, attempts], ["cancelled", []]);
      },
    },
    {
      name: "it takes both lanes and what waits behind a hold",
      run: async ({ store }) => {
        for (const n of [1, 2]) await fanOutTo(store, n, { to: [1] });
        await redeliver(store, deliveryId(1, 1), t0);
        await store.deliveries.hold({ partitions: everywhere, endpointId: endpointId(1), holdMs: minute, now: t0 });
        assert.equal(await cancel(store), 2);
        assert.deepEqual(await claimAll(store, t0 + hour), []);
      },
    },
    {
      name: "it leaves what is finished, other endpoints and other partitions",
      run: async ({ store }) => {
        const finished = only(await fanOutTo(store, 3, { to: [1] }));
        await attemptDue(store, t0, { next: { status: "succeeded" } });
        await fanOutTo(store, 1, { to: [1, 2] });
        await fanOutTo(store, 2, { to: [1], partition: elsewhere });
        assert.equal(await cancel(store, { partitions: [home] }), 1);
        assert.deepEqual((await claimedIds(store, t0)).toSorted(), [deliveryId(1, 2), deliveryId(2, 1)].toSorted());
        assert.equal((await readDelivery(store, finished)).delivery.status, "succeeded");
      },
    },
  ],
};

function cancel(
  store: Store,
  options: { readonly limit?: number; readonly partitions?: readonly number[]; readonly at?: number } = {},
): Promise<number> {
  const { limit = 100, partitions = everywhere, at = t0 } = options;
  return store.deliveries.cancel({ partitions, endpointId: endpointId(1), limit, now: at });
}
