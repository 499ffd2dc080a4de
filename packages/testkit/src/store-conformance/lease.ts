import assert from "node:assert/strict";
import type { CaseGroup } from "./case.ts";
import { endpointId, everywhere, hour, minute, second, t0 } from "./rows.ts";
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

const id = deliveryId(1, 1);

export const leaseCases: CaseGroup = {
  group: "lease",
  cases: [
    {
      name: "a claim after a lapsed lease says so and counts the lost attempt",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        await attemptDue(store, t0, { next: { status: "pending", delayMs: second } });
        const first = only(await claimAll(store, t0 + second));
        const claim = only(await claimAll(store, t0 + second + minute));
        assert.deepEqual([first.attempts, first.scheduledAttempts, first.lapsed], [1, 1, false]);
        assert.deepEqual([claim.attempts, claim.scheduledAttempts, claim.lapsed], [2, 2, true]);
      },
    },
    {
      name: "a lapsed lease leaves a lost attempt in the log",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        await attemptDue(store, t0, { next: { status: "pending", delayMs: second } });
        await claimAll(store, t0 + second);
        await claimAll(store, t0 + 3 * minute);
        const { delivery, attempts } = await readDelivery(store, id);
        const { error, ...lost } = attempts.find(({ number }) => number === 2) ?? {};
        assert.equal(attempts.length, 2);
        assert.deepEqual([delivery.attempts, delivery.status, delivery.updatedAt], [2, "pending", t0 + 3 * minute]);
        assert.ok(error, "a sentence for people");
        assert.deepEqual(lost, {
          deliveryId: id,
          number: 2,
          startedAt: t0 + second,
          durationMs: 3 * minute - second,
          statusCode: null,
          errorClass: "lost",
          signature: null,
          responseBody: null,
        });
      },
    },
    {
      name: "a lost redelivery is not charged to a schedule",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        await attemptDue(store, t0, { next: { status: "failed" } });
        await redeliver(store, id, t0);
        await claimAll(store, t0);
        const claim = only(await claimAll(store, t0 + minute));
        assert.deepEqual([claim.scheduledAttempts, claim.lane], [null, "manual"]);
      },
    },
    {
      name: "a delivery that is given back or retried leaves no lost attempt",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        const released = settlementOf(only(await claimAll(store, t0)), { next: { status: "released", delayMs: 0 } });
        await settleOne(store, t0, released);
        const again = only(await claimAll(store, t0 + minute));
        assert.deepEqual([again.attempts, again.lapsed], [0, false]);
        const attempt = attemptOf(1, 503);
        const retried = settlementOf(again, { next: { status: "pending", delayMs: second }, attempt });
        await settleOne(store, t0 + minute, retried);
        const last = only(await claimAll(store, t0 + 3 * minute));
        assert.deepEqual([last.attempts, last.lapsed], [1, false]);
      },
    },
    {
      name: "a lost attempt does not count for the endpoint's health",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        await claimAll(store, t0);
        await claimAll(store, t0 + minute);
        assert.deepEqual(await store.log.health({ partitions: everywhere, endpointIds: [endpointId(1)] }), []);
      },
    },
    {
      name: "a lapsed lease that nobody took over still settles",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        const settlement = settlementOf(only(await claimAll(store, t0)), { next: { status: "succeeded" } });
        assert.equal(await settleOne(store, t0 + 2 * minute, settlement), "settled");
      },
    },
    {
      name: "a lease that was taken over does not settle and writes nothing",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        const stale = only(await claimAll(store, t0));
        const current = only(await claimAll(store, t0 + minute));
        const before = await readDelivery(store, id);
        const late = settlementOf(stale, {
          next: { status: "succeeded" },
          attempt: attemptOf(1, 200),
          holdMs: hour,
          health: "success",
        });
        assert.equal(await settleOne(store, t0 + minute + 1, late), "lease_lost");
        assert.deepEqual(await readDelivery(store, id), before);
        assert.deepEqual(await store.log.health({ partitions: everywhere, endpointIds: [endpointId(1)] }), []);
        await fanOutTo(store, 2, { to: [1], at: t0 + minute + 2 });
        assert.deepEqual(await claimedIds(store, t0 + minute + 2), [deliveryId(2, 1)]);
        const settlement = settlementOf(current, { next: { status: "succeeded" } });
        assert.equal(await settleOne(store, t0 + minute + 3, settlement), "settled");
      },
    },
  ],
};
