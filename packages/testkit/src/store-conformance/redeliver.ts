import assert from "node:assert/strict";
import type { CaseGroup } from "./case.ts";
import { endpointId, home, hour, messageId, messageRow, minute, second, t0 } from "./rows.ts";
import {
  attemptDue,
  claimAll,
  claimedIds,
  deliveryId,
  fanOutTo,
  only,
  race,
  readDelivery,
  redeliver,
  settleOne,
  settlementOf,
} from "./steps.ts";

const id = deliveryId(1, 1);

export const redeliverCases: CaseGroup = {
  group: "redeliver",
  cases: [
    {
      name: "a pending delivery is due now and keeps its schedule",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        await attemptDue(store, t0, { next: { status: "pending", delayMs: hour } });
        assert.equal(await redeliver(store, id, t0 + minute), "queued");
        const { delivery } = await readDelivery(store, id);
        assert.deepEqual([delivery.status, delivery.nextAttemptAt], ["pending", t0 + minute]);
        const claim = only(await claimAll(store, t0 + minute));
        assert.deepEqual([claim.lane, claim.attempts, claim.scheduledAttempts], ["manual", 1, 1]);
      },
    },
    {
      name: "a finished delivery gets one attempt outside any schedule, numbered on",
      run: async ({ store }) => {
        for (const [index, status] of (["failed", "succeeded", "cancelled"] as const).entries()) {
          const [n, at] = [index + 1, t0 + index * hour];
          await fanOutTo(store, n, { to: [1], at });
          await attemptDue(store, at, { next: { status } });
          assert.equal(await redeliver(store, deliveryId(n, 1), at + minute), "queued");
          const { delivery } = await readDelivery(store, deliveryId(n, 1));
          assert.deepEqual([delivery.status, delivery.nextAttemptAt], ["pending", at + minute]);
          assert.deepEqual([delivery.attempts, delivery.updatedAt], [1, at + minute]);
          const claim = await attemptDue(store, at + minute, { next: { status: "succeeded" } });
          assert.deepEqual([claim.lane, claim.attempts, claim.scheduledAttempts], ["manual", 1, null]);
          const { attempts } = await readDelivery(store, deliveryId(n, 1));
          assert.deepEqual(new Set(attempts.map(({ number }) => number)), new Set([1, 2]));
        }
      },
    },
    {
      name: "a skipped delivery gets its first attempt",
      run: async ({ store }) => {
        await store.messages.insert({ messages: [messageRow(1)] });
        const deliveries = [{ id, endpointId: endpointId(1), status: "skipped", lease: false }] as const;
        const message = { partition: home, messageId: messageId(1), tenant: "acme", type: "loan.active", deliveries };
        await store.deliveries.fanOut({ messages: [message], leaseMs: minute, now: t0 });
        assert.equal(await redeliver(store, id, t0), "queued");
        const claim = only(await claimAll(store, t0));
        assert.deepEqual([claim.lane, claim.attempts, claim.scheduledAttempts], ["manual", 0, null]);
      },
    },
    {
      name: "a delivery in flight is left alone",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        const claim = only(await claimAll(store, t0));
        const before = await readDelivery(store, id);
        assert.equal(await redeliver(store, id, t0 + second), "in_flight");
        assert.deepEqual(await readDelivery(store, id), before);
        assert.equal(await settleOne(store, t0, settlementOf(claim, { next: { status: "succeeded" } })), "settled");
      },
    },
    {
      name: "a lapsed lease is not in flight, and its attempt is still recorded as lost",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        await claimAll(store, t0);
        assert.equal(await redeliver(store, id, t0 + minute), "queued");
        assert.equal(only(await claimAll(store, t0 + minute)).lane, "manual");
        assert.deepEqual(
          (await readDelivery(store, id)).attempts.map(({ errorClass }) => errorClass),
          ["lost"],
        );
      },
    },
    {
      name: "asked for twice it happens once",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        await attemptDue(store, t0, { next: { status: "failed" } });
        assert.equal(await redeliver(store, id, t0), "queued");
        const before = await readDelivery(store, id);
        assert.equal(await redeliver(store, id, t0 + second), "queued");
        assert.deepEqual(await readDelivery(store, id), before);
        assert.deepEqual(await claimedIds(store, t0 + second), [id]);
      },
    },
    {
      name: "of two callers at once both are queued and it happens once",
      run: async ({ store, peer }) => {
        const other = await peer();
        await fanOutTo(store, 1, { to: [1] });
        await attemptDue(store, t0, { next: { status: "failed" } });
        for (let round = 1; round <= 8; round += 1) {
          const at = t0 + round * second;
          assert.deepEqual(await race(redeliver(store, id, at), redeliver(other, id, at)), ["queued", "queued"]);
          const claim = await attemptDue(store, at, { next: { status: "failed" } });
          assert.deepEqual([claim.attempts, claim.scheduledAttempts], [round, null]);
          assert.deepEqual(await claimAll(store, at + 1), []);
        }
      },
    },
  ],
};
