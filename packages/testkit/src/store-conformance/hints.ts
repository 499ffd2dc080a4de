import type { OnInserted, Store } from "@outhook/core";
import assert from "node:assert/strict";
import { once } from "node:events";
import type { CaseGroup } from "./case.ts";
import { elsewhere, home, messageId, messageRow } from "./rows.ts";
import { awaiting, refused } from "./steps.ts";

/** Longer than any hint is on its way. */
const lateMs = 2_000;

export const hintCases: CaseGroup = {
  group: "hints",
  cases: [
    {
      name: "a listener is told of the partitions in which another store inserts, when the messages can be read",
      run: async ({ store, peer }) => {
        const other = await peer();
        const told = await listenTo(store);
        const messages = [messageRow(1), messageRow(2, { partition: elsewhere })];
        const [found] = await Promise.all([
          told.of(home).then(() => awaiting(store)),
          other.messages.insert({ messages }),
        ]);
        assert.deepEqual(found.map(({ id }) => id).toSorted(), [messageId(1), messageId(2)]);
        await told.of(elsewhere);
        await told.end();
      },
    },
    {
      name: "a listener is told again and again, of messages with a key and without",
      run: async ({ store, peer }) => {
        const other = await peer();
        const told = await listenTo(store);
        for (const [n, partition] of [home, elsewhere, home].entries()) {
          told.forget();
          const key = partition === elsewhere ? "key" : null;
          await other.messages.insert({
            messages: [messageRow(n, { partition, idempotencyKey: key, payloadHash: key })],
          });
          await told.of(partition);
        }
        await told.end();
      },
    },
    {
      name: "of two listeners both are told, and one goes on when the other has ended",
      run: async ({ store, peer }) => {
        const other = await peer();
        const [one, two] = await Promise.all([listenTo(store), listenTo(store)]);
        await other.messages.insert({ messages: [messageRow(1)] });
        await Promise.all([one.of(home), two.of(home)]);
        await one.end();
        two.forget();
        await other.messages.insert({ messages: [messageRow(2, { partition: elsewhere })] });
        await two.of(elsewhere);
        await two.end();
      },
    },
    {
      name: "a listener that has ended is told nothing more",
      run: async ({ store, peer }) => {
        const other = await peer();
        const [ended, witness] = await Promise.all([listenTo(store), listenTo(store)]);
        await ended.end();
        ended.forget();
        await other.messages.insert({ messages: [messageRow(1)] });
        await witness.of(home);
        assert.equal(ended.calls(), 0);
        await witness.end();
      },
    },
    {
      name: "after close nobody is told anything, and nobody can listen",
      run: async ({ store, peer }) => {
        const other = await peer();
        const told = await listenTo(store);
        await store.close();
        told.forget();
        // One that has a single connection is closed with it.
        if (other !== store) {
          const witness = await listenTo(other);
          await other.messages.insert({ messages: [messageRow(1)] });
          await witness.of(home);
          await witness.end();
        }
        assert.equal(told.calls(), 0);
        await refused("stopped", () => onInsertedOf(store)(() => undefined));
      },
    },
  ],
};

/** A listener with a memory. */
type Told = {
  /** Resolves when it has been told of this partition, or of any, since it last forgot. */
  readonly of: (partition: number) => Promise<void>;
  readonly calls: () => number;
  readonly forget: () => void;
  readonly end: () => Promise<void>;
};

async function listenTo(store: Store): Promise<Told> {
  const news = new EventTarget();
  let heard: (readonly number[] | null)[] = [];
  const end = await onInsertedOf(store)((partitions) => {
    heard.push(partitions);
    news.dispatchEvent(new Event("heard"));
  });
  // That it may have missed something until now.
  heard = [];
  return {
    of: async (partition) => {
      const signal = AbortSignal.timeout(lateMs);
      while (!heard.some((partitions) => partitions === null || partitions.includes(partition))) {
        await once(news, "heard", { signal }).catch(() => undefined);
        assert.ok(!signal.aborted, `no listener was told of partition ${partition} within ${lateMs} ms`);
      }
    },
    calls: () => heard.length,
    forget: () => {
      heard = [];
    },
    end,
  };
}

function onInsertedOf({ messages }: Store): OnInserted {
  const { onInserted } = messages;
  assert.ok(onInserted, 'this store has no messages.onInserted, which is optional: skip the group "hints" and say why');
  return onInserted;
}
