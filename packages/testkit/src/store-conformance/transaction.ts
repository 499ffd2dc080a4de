import type { InsertOutcome, Store } from "@outhook/core";
import assert from "node:assert/strict";
import type { CaseGroup, HostTransaction, StoreHandle } from "./case.ts";
import { messageId, messageRow } from "./rows.ts";
import { awaiting, refused } from "./steps.ts";

const inserted = { outcome: "inserted" };

export const transactionCases: CaseGroup = {
  group: "transaction",
  cases: [
    {
      name: "a message is there once the host commits, and not before",
      run: async ({ store, begin }) => {
        await inTransaction(begin, async (host) => {
          assert.deepEqual(await insert(store, host, [messageRow(1)]), [inserted]);
          assert.deepEqual(await idsOf(store), []);
          return "commit";
        });
        assert.deepEqual(await idsOf(store), [messageId(1)]);
      },
    },
    {
      name: "a rollback leaves nothing, and the key is free",
      run: async ({ store, begin }) => {
        await inTransaction(begin, async (host) => {
          await insert(store, host, [messageRow(1, { idempotencyKey: "key", payloadHash: "first" })]);
          return "rollback";
        });
        assert.deepEqual(await idsOf(store), []);
        const another = messageRow(2, { idempotencyKey: "key", payloadHash: "second" });
        assert.deepEqual(await store.messages.insert({ messages: [another] }), [inserted]);
        assert.deepEqual(await idsOf(store), [messageId(2)]);
      },
    },
    {
      name: "a key that was used is told, and the host can go on and commit",
      run: async ({ store, begin }) => {
        const keyed = { idempotencyKey: "key", payloadHash: "first" };
        await store.messages.insert({ messages: [messageRow(1, keyed)] });
        await inTransaction(begin, async (host) => {
          const another = messageRow(3, { ...keyed, payloadHash: "second" });
          const id = messageId(1);
          assert.deepEqual(await insert(store, host, [messageRow(2, keyed)]), [{ outcome: "duplicate", id }]);
          assert.deepEqual(await insert(store, host, [another]), [{ outcome: "mismatch", id }]);
          assert.deepEqual(await insert(store, host, [messageRow(4)]), [inserted]);
          return "commit";
        });
        assert.deepEqual(await idsOf(store), [messageId(1), messageId(4)]);
      },
    },
    {
      name: "a short wait for a key of the host ends soon with nothing written",
      run: async ({ store, peer, begin }) => {
        const other = await peer();
        const keyed = { idempotencyKey: "key", payloadHash: "first" };
        let waiting: Promise<readonly InsertOutcome[] | string> = Promise.resolve("not begun");
        await inTransaction(begin, async (host) => {
          await insert(store, host, [messageRow(1, keyed)]);
          waiting = other.messages.insert({ messages: [messageRow(2, keyed)] }).catch(String);
          const hasty = { messages: [messageRow(3), messageRow(4, keyed)], keyWaitMs: 1 };
          // Twice in turn: as long as that takes, the other one must not have lost its patience.
          for (let round = 0; round < 2; round += 1) await refused("store_busy", () => store.messages.insert(hasty));
          return "commit";
        });
        assert.deepEqual(await waiting, [{ outcome: "duplicate", id: messageId(1) }]);
        assert.deepEqual(await idsOf(store), [messageId(1)]);
      },
    },
    {
      name: "several messages at once are all there or none",
      run: async ({ store, begin }) => {
        const messages = [1, 2, 3].map((n) => messageRow(n));
        for (const end of ["rollback", "commit"] as const) {
          assert.deepEqual(await idsOf(store), []);
          await inTransaction(begin, async (host) => {
            assert.deepEqual(await insert(store, host, messages), [inserted, inserted, inserted]);
            return end;
          });
        }
        assert.deepEqual(await idsOf(store), [1, 2, 3].map(messageId));
      },
    },
  ],
};

/** Rolls back when a case fails in it, so that nothing stays locked. */
async function inTransaction(
  begin: StoreHandle["begin"],
  work: (host: HostTransaction) => Promise<"commit" | "rollback">,
): Promise<void> {
  assert.ok(begin, 'this fixture has no begin(), for stores that join no transactions: skip the group "transaction"');
  const host = await begin();
  let end: "commit" | "rollback" = "rollback";
  try {
    end = await work(host);
  } finally {
    await host[end]();
  }
}

function insert(
  store: Store,
  { tx }: HostTransaction,
  messages: Parameters<Store["messages"]["insert"]>[0]["messages"],
) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a store joins is its own
  return store.messages.insert({ messages, tx: tx as never });
}

async function idsOf(store: Store): Promise<readonly string[]> {
  return (await awaiting(store)).map(({ id }) => id).toSorted();
}
