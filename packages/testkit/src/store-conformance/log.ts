import type { DeliveryStatus, Store } from "@outhook/core";
import assert from "node:assert/strict";
import type { CaseGroup } from "./case.ts";
import { endpointId, everywhere, messageId, t0 } from "./rows.ts";
import { attemptDue, claimAll, deliveryId, fanOutTo, only, readDelivery, settleOne, settlementOf } from "./steps.ts";

export const logCases: CaseGroup = {
  group: "log",
  cases: [
    {
      name: "a message shows its deliveries as they are now",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        await fanOutTo(store, 2, { to: [2] });
        const succeeded = deliveryId(1, 1);
        for (const claim of await claimAll(store, t0 + 1)) {
          const status = claim.deliveryId === succeeded ? "succeeded" : "failed";
          await settleOne(store, t0 + 1, settlementOf(claim, { next: { status } }));
        }
        const found = await store.log.message({ partitions: everywhere, tenant: "acme", id: messageId(1) });
        const { delivery } = await readDelivery(store, succeeded);
        assert.equal(delivery.status, "succeeded");
        assert.deepEqual(only(found?.deliveries ?? []), delivery);
      },
    },
    {
      name: "deliveries are listed newest first and page by id",
      run: async ({ store }) => {
        for (const n of [3, 1, 5, 2, 4]) await fanOutTo(store, n, { to: [1, 2] });
        assert.deepEqual(await listed(store, { limit: 2 }), ids([5, 4]));
        assert.deepEqual(await listed(store, { limit: 2, after: deliveryId(4, 1) }), ids([3, 2]));
        assert.deepEqual(await listed(store, { after: deliveryId(2, 1) }), ids([1]));
        assert.deepEqual(await listed(store, { after: deliveryId(1, 1) }), []);
      },
    },
    {
      name: "pages miss nothing and repeat nothing while deliveries are added",
      run: async ({ store }) => {
        for (let n = 1; n <= 7; n += 1) await fanOutTo(store, n, { to: [1] });
        const seen: string[] = [];
        for (let added = 8; added < 16; added += 1) {
          const after = seen.at(-1);
          const page = await listed(store, { limit: 2, ...(after === undefined ? {} : { after }) });
          if (page.length === 0) break;
          seen.push(...page);
          await fanOutTo(store, added, { to: [1] });
        }
        assert.deepEqual(
          seen,
          [7, 6, 5, 4, 3, 2, 1].map((n) => deliveryId(n, 1)),
        );
      },
    },
    {
      name: "deliveries are listed by status",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        await attemptDue(store, t0, { next: { status: "failed" } });
        await fanOutTo(store, 2, { to: [1] });
        await attemptDue(store, t0, { next: { status: "succeeded" } });
        await fanOutTo(store, 3, { to: [1] });
        assert.deepEqual(await listed(store, { status: "failed" }), [deliveryId(1, 1)]);
        assert.deepEqual(await listed(store, { status: "pending" }), [deliveryId(3, 1)]);
        assert.deepEqual(await listed(store, { status: "cancelled" }), []);
      },
    },
    {
      name: "a listed delivery is the one that reads by id",
      run: async ({ store }) => {
        const id = only(await fanOutTo(store, 1, { to: [1] }));
        await attemptDue(store, t0 + 5, { next: { status: "pending", delayMs: 60_000 } });
        const { delivery } = await readDelivery(store, id);
        const input = { partitions: everywhere, tenant: "acme", endpointId: endpointId(1), limit: 9 };
        assert.deepEqual(await store.log.deliveries(input), [delivery]);
        assert.deepEqual(delivery, {
          id,
          tenant: "acme",
          messageId: messageId(1),
          endpointId: endpointId(1),
          type: "loan.active",
          status: "pending",
          attempts: 1,
          nextAttemptAt: t0 + 60_005,
          createdAt: t0,
          updatedAt: t0 + 5,
        });
      },
    },
  ],
};

function ids(messages: readonly number[]): readonly string[] {
  return messages.map((n) => deliveryId(n, 1));
}

async function listed(
  store: Store,
  page: { readonly limit?: number; readonly after?: string; readonly status?: DeliveryStatus } = {},
): Promise<readonly string[]> {
  const whose = { partitions: everywhere, tenant: "acme", endpointId: endpointId(1) };
  return (await store.log.deliveries({ ...whose, limit: 100, ...page })).map(({ id }) => id);
}
