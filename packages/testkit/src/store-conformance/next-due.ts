import type { Store } from "@outhook/core";
import assert from "node:assert/strict";
import type { CaseGroup } from "./case.ts";
import { elsewhere, endpointId, everywhere, home, minute, second, t0 } from "./rows.ts";
import { attemptDue, claimAll, fanOutTo } from "./steps.ts";

export const nextDueCases: CaseGroup = {
  group: "next-due",
  cases: [
    {
      name: "it is null when nothing is pending",
      run: async ({ store }) => {
        assert.equal(await nextDueInMs(store, t0), null);
        await fanOutTo(store, 1, { to: [1] });
        await attemptDue(store, t0, { next: { status: "succeeded" } });
        assert.equal(await nextDueInMs(store, t0), null);
      },
    },
    {
      name: "it is 0 when a claim of the named partitions would find something",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        await fanOutTo(store, 2, { to: [2], at: t0 + minute });
        assert.equal(await nextDueInMs(store, t0), 0);
        assert.equal(await nextDueInMs(store, t0 + second, [elsewhere, home]), 0);
        assert.equal(await nextDueInMs(store, t0, [elsewhere]), null);
      },
    },
    {
      name: "it is never later than a retry, the end of a lease or of a hold",
      run: async ({ store }) => {
        await store.deliveries.hold({ partitions: [home], endpointId: endpointId(1), holdMs: 3 * minute, now: t0 });
        await fanOutTo(store, 1, { to: [1] });
        await notLater(store, t0, 3 * minute);
        await fanOutTo(store, 2, { to: [2] });
        await claimAll(store, t0, { leaseMs: 2 * minute });
        await notLater(store, t0, 2 * minute);
        await fanOutTo(store, 3, { to: [3] });
        await attemptDue(store, t0, { next: { status: "pending", delayMs: minute } });
        await notLater(store, t0 + second, minute - second);
      },
    },
  ],
};

function nextDueInMs(store: Store, at: number, partitions = everywhere): Promise<number | null> {
  return store.deliveries.nextDueInMs({ partitions, now: at });
}

/** Early is allowed, but not 0 once a claim found nothing: a loop that sleeps so long would spin. */
async function notLater(store: Store, at: number, mostMs: number): Promise<void> {
  assert.deepEqual(await claimAll(store, at), []);
  const ms = await nextDueInMs(store, at);
  assert.ok(ms !== null && ms > 0 && ms <= mostMs, `${ms} ms, expected 1 to ${mostMs}`);
}
