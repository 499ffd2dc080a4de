import type { Settlement } from "@outhook/core";
import assert from "node:assert/strict";
import type { CaseGroup } from "./case.ts";
import { elsewhere, hour, minute, second, t0 } from "./rows.ts";
import {
  attemptDue,
  attemptOf,
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

export const settleCases: CaseGroup = {
  group: "settle",
  cases: [
    {
      name: "what succeeded, failed or was cancelled is finished, with its attempt if there was one",
      run: async ({ store }) => {
        for (const [index, status] of (["succeeded", "failed", "cancelled"] as const).entries()) {
          const finished = only(await fanOutTo(store, index, { to: [1] }));
          const claim = only(await claimAll(store, t0 + index));
          const made = status === "cancelled" ? [] : [attemptOf(1, 202)];
          const settlement = settlementOf(claim, { next: { status }, attempt: made[0] ?? null });
          assert.equal(await settleOne(store, t0 + index, settlement), "settled");
          const { delivery, attempts } = await readDelivery(store, finished);
          assert.deepEqual([delivery.status, delivery.nextAttemptAt], [status, null]);
          assert.deepEqual([delivery.createdAt, delivery.updatedAt], [t0, t0 + index]);
          assert.deepEqual(
            attempts,
            made.map((attempt) => ({ deliveryId: finished, ...attempt })),
          );
          assert.equal(delivery.attempts, made.length);
        }
        assert.deepEqual(await claimAll(store, t0 + hour), []);
      },
    },
    {
      name: "a retry is due its delay after the settling, not before",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        await attemptDue(store, t0 + second, { next: { status: "pending", delayMs: minute } });
        const { delivery } = await readDelivery(store, id);
        assert.deepEqual([delivery.status, delivery.nextAttemptAt], ["pending", t0 + second + minute]);
        assert.deepEqual(await claimAll(store, t0 + second + minute - 1), []);
        assert.equal((await claimAll(store, t0 + second + minute)).length, 1);
      },
    },
    {
      name: "attempts are kept in order with their numbers",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        for (const n of [0, 1, 2]) {
          await attemptDue(store, t0 + n * minute, {
            next: { status: "pending", delayMs: minute },
            statusCode: 500 + n,
          });
        }
        await attemptDue(store, t0 + 3 * minute, { next: { status: "succeeded" } });
        const { delivery, attempts } = await readDelivery(store, id);
        const expected = [500, 501, 502, 200].map((status, n) => ({ deliveryId: id, ...attemptOf(n + 1, status) }));
        assert.deepEqual(attempts, expected);
        assert.equal(delivery.attempts, 4);
      },
    },
    {
      name: "the schedule is charged what the settlement says",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        const first = { next: { status: "pending", delayMs: 0 }, scheduledAttempts: 0 } as const;
        const counts = [await attemptDue(store, t0, first)];
        counts.push(await attemptDue(store, t0 + 1, { next: { status: "pending", delayMs: 0 } }));
        counts.push(only(await claimAll(store, t0 + 2)));
        assert.deepEqual(
          counts.map((claim) => [claim.attempts, claim.scheduledAttempts]),
          [
            [0, 0],
            [1, 0],
            [2, 1],
          ],
        );
      },
    },
    {
      name: "what is released comes back after its delay as if it had not been taken",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        const first = only(await claimAll(store, t0));
        await settleOne(store, t0 + second, settlementOf(first, { next: { status: "released", delayMs: second } }));
        assert.deepEqual(await claimAll(store, t0 + 2 * second - 1), []);
        const { fence, ...again } = only(await claimAll(store, t0 + 2 * second));
        const { fence: earlier, ...expected } = first;
        assert.deepEqual(again, expected);
        assert.ok(fence > earlier);
      },
    },
    {
      name: "what is released stays in its lane",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        await redeliver(store, id, t0);
        const claim = only(await claimAll(store, t0));
        await settleOne(store, t0, settlementOf(claim, { next: { status: "released", delayMs: 0 } }));
        assert.equal(only(await claimAll(store, t0 + 1)).lane, "manual");
      },
    },
    {
      name: "what is retried goes to the scheduled lane",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        await redeliver(store, id, t0);
        const first = await attemptDue(store, t0, { next: { status: "pending", delayMs: 0 } });
        assert.deepEqual([first.lane, only(await claimAll(store, t0 + 1)).lane], ["manual", "scheduled"]);
      },
    },
    {
      name: "a claim that ended its delivery does not settle again",
      run: async ({ store }) => {
        for (const [n, status] of (["succeeded", "failed", "cancelled"] as const).entries()) {
          await fanOutTo(store, n, { to: [1], at: t0 + n });
          const claim = only(await claimAll(store, t0 + n));
          await settledOnce({ store, settlement: settlementOf(claim, { next: { status } }), at: t0 + n });
        }
      },
    },
    {
      name: "a claim that was retried or released does not settle again",
      run: async ({ store }) => {
        for (const [n, status] of (["pending", "released"] as const).entries()) {
          await fanOutTo(store, n, { to: [1], at: t0 + n });
          const claim = only(await claimAll(store, t0 + n));
          const settlement = settlementOf(claim, { next: { status, delayMs: hour } });
          await settledOnce({ store, settlement, at: t0 + n });
        }
      },
    },
    {
      name: "of two callers with one claim one settles",
      run: async ({ store, peer }) => {
        const other = await peer();
        for (let n = 1; n <= 8; n += 1) {
          await fanOutTo(store, n, { to: [1], at: t0 + n });
          const claim = only(await claimAll(store, t0 + n));
          const settlement = settlementOf(claim, { next: { status: "succeeded" }, attempt: attemptOf(1, 200) });
          const results = await race(settleOne(store, t0 + n, settlement), settleOne(other, t0 + n, settlement));
          assert.deepEqual(results, ["lease_lost", "settled"]);
          assert.equal((await readDelivery(store, claim.deliveryId)).attempts.length, 1);
        }
      },
    },
    {
      name: "a refused settlement in a batch does not stop the others",
      run: async ({ store }) => {
        for (const n of [1, 2, 3]) await fanOutTo(store, n, { to: [1] });
        const claims = await claimAll(store, t0);
        const batch = claims.map((claim, index): Settlement => {
          const settlement = settlementOf(claim, { next: { status: "succeeded" } });
          return index === 1 ? { ...settlement, fence: settlement.fence + 1 } : settlement;
        });
        const { results } = await store.deliveries.settle({ settlements: batch, now: t0 });
        assert.deepEqual(results, ["settled", "lease_lost", "settled"]);
        assert.deepEqual(await claimedIds(store, t0 + minute), [claims[1]?.deliveryId]);
        assert.deepEqual(await store.deliveries.settle({ settlements: [], now: t0 }), { results: [], health: [] });
      },
    },
    {
      name: "a settlement of an unknown delivery or of another partition is refused",
      run: async ({ store }) => {
        await fanOutTo(store, 1, { to: [1] });
        const settlement = settlementOf(only(await claimAll(store, t0)), { next: { status: "succeeded" } });
        assert.equal(await settleOne(store, t0, { ...settlement, deliveryId: deliveryId(2, 1) }), "lease_lost");
        assert.equal(await settleOne(store, t0, { ...settlement, partition: elsewhere }), "lease_lost");
        assert.equal(await settleOne(store, t0, settlement), "settled");
      },
    },
  ],
};

/** Settles twice in one batch, then once more: the first counts, the others write nothing. */
async function settledOnce(input: {
  readonly store: Parameters<typeof readDelivery>[0];
  readonly settlement: Settlement;
  readonly at: number;
}): Promise<void> {
  const { store, settlement, at } = input;
  const settlements = [settlement, { ...settlement, attempt: attemptOf(1, 500) }];
  const { results } = await store.deliveries.settle({ settlements, now: at });
  assert.deepEqual(results.toSorted(), ["lease_lost", "settled"]);
  const before = await readDelivery(store, settlement.deliveryId);
  const late: Settlement = { ...settlement, next: { status: "failed" }, attempt: attemptOf(1, 500) };
  assert.equal(await settleOne(store, at + 1, late), "lease_lost");
  assert.deepEqual(await readDelivery(store, settlement.deliveryId), before);
}
