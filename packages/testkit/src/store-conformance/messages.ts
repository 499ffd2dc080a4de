import { isOuthookError } from "@outhook/core";
import assert from "node:assert/strict";
import type { CaseGroup } from "./case.ts";
import { elsewhere, everywhere, home, messageId, messageRow, t0 } from "./rows.ts";
import { awaiting, refused, storedMessage } from "./steps.ts";

const inserted = { outcome: "inserted" } as const;

export const messageCases: CaseGroup = {
  group: "messages",
  cases: [
    {
      name: "an accepted message waits for fan-out and stands in the log",
      run: async ({ store }) => {
        const message = messageRow(1, { idempotencyKey: "k", payloadHash: "h" });
        assert.deepEqual(await store.messages.insert({ messages: [message] }), [inserted]);
        const expected = storedMessage(message);
        assert.deepEqual(await awaiting(store), [expected]);
        assert.deepEqual(await store.log.message({ partitions: everywhere, tenant: "acme", id: message.id }), {
          message: expected,
          fannedOut: false,
          deliveries: [],
        });
      },
    },
    {
      name: "those that wait come oldest first, up to the limit",
      run: async ({ store }) => {
        await store.messages.insert({ messages: [1, 2].map((n) => messageRow(n)) });
        await store.messages.insert({ messages: [3, 4].map((n) => messageRow(n)) });
        const found = await awaiting(store, 3);
        assert.deepEqual(
          found.map(({ id }) => id),
          [1, 2, 3].map(messageId),
        );
      },
    },
    {
      name: "those that wait are of the named partitions",
      run: async ({ store }) => {
        await store.messages.insert({ messages: [messageRow(1), messageRow(2, { partition: elsewhere })] });
        const found = await store.messages.awaitingFanOut({ partitions: [home], limit: 9 });
        assert.deepEqual(
          found.map(({ id }) => id),
          [messageId(1)],
        );
        assert.deepEqual(await store.messages.awaitingFanOut({ partitions: [], limit: 9 }), []);
      },
    },
    {
      name: "those behind a message that is named are read on from there, in each partition",
      run: async ({ store }) => {
        const at = { createdAt: t0 };
        await store.messages.insert({ messages: [1, 2, 3].map((n) => messageRow(n, at)) });
        await store.messages.insert({ messages: [4, 5].map((n) => messageRow(n, { partition: elsewhere })) });
        const read = async (after: ReadonlyMap<number, { readonly id: string; readonly createdAt: number }>) => {
          const found = await store.messages.awaitingFanOut({ partitions: everywhere, limit: 9, after });
          return found.map(({ id }) => id);
        };
        assert.deepEqual(await read(new Map()), [1, 2, 3, 4, 5].map(messageId));
        const second = { id: messageId(2), createdAt: t0 };
        assert.deepEqual(await read(new Map([[home, second]])), [3, 4, 5].map(messageId));
        const fourth = { id: messageId(4), createdAt: t0 + 4 };
        const both = [
          [home, second],
          [elsewhere, fourth],
        ] as const;
        assert.deepEqual(await read(new Map(both)), [3, 5].map(messageId));
        const gone = { id: messageId(9), createdAt: t0 + 9 };
        assert.deepEqual(await read(new Map([[home, gone]])), [4, 5].map(messageId));
      },
    },
    {
      name: "a repeated key names the first message, as a mismatch when the payload is another",
      run: async ({ store }) => {
        const id = messageId(1);
        const keyed = { idempotencyKey: "k", payloadHash: "h" };
        await store.messages.insert({ messages: [messageRow(1, keyed)] });
        const same = await store.messages.insert({ messages: [messageRow(2, keyed)] });
        const other = await store.messages.insert({ messages: [messageRow(3, { ...keyed, payloadHash: "other" })] });
        assert.deepEqual(
          [...same, ...other],
          [
            { outcome: "duplicate", id },
            { outcome: "mismatch", id },
          ],
        );
        assert.deepEqual(await awaiting(store), [storedMessage(messageRow(1))]);
      },
    },
    {
      name: "a batch is answered in its order, also for a key that stands twice in it",
      run: async ({ store }) => {
        await store.messages.insert({ messages: [messageRow(1, { idempotencyKey: "taken", payloadHash: "h" })] });
        const outcomes = await store.messages.insert({
          messages: [
            messageRow(2, { idempotencyKey: "new", payloadHash: "h" }),
            messageRow(3, { idempotencyKey: "taken", payloadHash: "h" }),
            messageRow(4),
            messageRow(5, { idempotencyKey: "new", payloadHash: "h" }),
            messageRow(6, { idempotencyKey: "new", payloadHash: "other" }),
            messageRow(7, { idempotencyKey: "taken", payloadHash: "other" }),
          ],
        });
        assert.deepEqual(outcomes, [
          inserted,
          { outcome: "duplicate", id: messageId(1) },
          inserted,
          { outcome: "duplicate", id: messageId(2) },
          { outcome: "mismatch", id: messageId(2) },
          { outcome: "mismatch", id: messageId(1) },
        ]);
        assert.deepEqual((await awaiting(store)).map(({ id }) => id).toSorted(), [1, 2, 4].map(messageId));
        assert.deepEqual(await store.messages.insert({ messages: [] }), []);
      },
    },
    {
      name: "of two callers with one key one inserts and the other gets its id",
      run: async ({ store, peer }) => {
        const other = await peer();
        for (let round = 1; round <= 8; round += 1) {
          const keyed = { idempotencyKey: `k${round}`, payloadHash: "h" };
          const [one, two] = [messageRow(2 * round, keyed), messageRow(2 * round + 1, keyed)];
          const [first, second] = await Promise.all([
            store.messages.insert({ messages: [one] }),
            other.messages.insert({ messages: [two] }),
          ]);
          const firstWon = first[0]?.outcome === "inserted";
          const holder = firstWon ? one.id : two.id;
          const expected = [inserted, { outcome: "duplicate", id: holder }];
          assert.deepEqual(firstWon ? [...first, ...second] : [...second, ...first], expected);
          assert.equal((await awaiting(store)).length, round);
        }
      },
    },
    {
      name: "a transaction that the store cannot join is refused and nothing is written",
      run: async ({ store }) => {
        // What plain JavaScript can pass, a value of no database library.
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types rule it out
        const tx = { query: "not a transaction" } as never;
        await refused("unsupported_transaction", () => store.messages.insert({ messages: [messageRow(1)], tx }));
        assert.deepEqual(await awaiting(store), []);
      },
    },
    {
      name: "a statement runs nothing, and a store without SQL says that it has none",
      run: async ({ store }) => {
        try {
          assert.match(store.messages.statement(messageRow(1)).sql, /insert/i);
        } catch (error) {
          assert.equal(isOuthookError(error) ? error.code : String(error), "unsupported_transaction");
        }
        assert.deepEqual(await awaiting(store), []);
      },
    },
  ],
};
