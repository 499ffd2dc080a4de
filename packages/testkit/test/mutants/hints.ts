import type { OnInserted, Store } from "@outhook/core";
import { memoryStore } from "@outhook/core";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Mutant } from "./mutant.ts";
import { faultyMessages } from "./mutant.ts";

const whatAndWhen =
  "hints/a listener is told of the partitions in which another store inserts, when the messages can be read";
const again = "hints/a listener is told again and again, of messages with a key and without";
const both = "hints/of two listeners both are told, and one goes on when the other has ended";
const ended = "hints/a listener that has ended is told nothing more";
const closed = "hints/after close nobody is told anything, and nobody can listen";

export const hintMutants: readonly Mutant[] = [
  {
    fault: "a hint names the first partition only",
    caughtBy: [whatAndWhen],
    plant: listening((listen) => (listener) => listen((partitions) => listener(partitions?.slice(0, 1) ?? null))),
  },
  {
    fault: "a hint comes before the messages",
    caughtBy: [whatAndWhen],
    plant: (store) => {
      const early = memoryStore();
      const { messages } = faultyMessages(store, {
        insert: async (input) => {
          await early.upkeep.migrate({ identity: { environment: "early", partitions: 8 }, adopt: false });
          await early.messages.insert(input);
          await nextTurn();
          return await store.messages.insert(input);
        },
        onInserted: early.messages.onInserted,
      });
      const close = async (): Promise<void> => {
        await Promise.all([early.close(), store.close()]);
      };
      return { ...store, messages, close };
    },
  },
  {
    fault: "a second hint for a partition is left out",
    caughtBy: [again],
    plant: listening((listen) => (listener) => {
      const named = new Set<number>();
      return listen((partitions) => {
        const unnamed = partitions?.filter((partition) => !named.has(partition)) ?? [];
        for (const partition of unnamed) named.add(partition);
        listener(unnamed);
      });
    }),
  },
  {
    fault: "the last listener takes the place of the others",
    caughtBy: [both],
    plant: listening((listen) => {
      let last: unknown = null;
      return async (listener) => {
        last = listener;
        return await listen((partitions) => {
          if (last === listener) listener(partitions);
        });
      };
    }),
  },
  {
    fault: "the end of one listener is the end of all",
    caughtBy: [both, ended],
    plant: listening((listen) => {
      const ends = new Set<() => Promise<void>>();
      return async (listener) => {
        ends.add(await listen(listener));
        return async () => {
          for (const end of ends) await end();
        };
      };
    }),
  },
  {
    fault: "a listener never ends",
    caughtBy: [ended],
    plant: listening((listen) => async (listener) => {
      await listen(listener);
      return async () => undefined;
    }),
  },
  {
    fault: "a closed store can be listened to",
    caughtBy: [closed],
    plant: listening((listen) => (listener) => listen(listener).catch(() => async () => undefined)),
  },
];

/** A store with another way to listen. */
function listening(fault: (listen: OnInserted) => OnInserted): (store: Store) => Store {
  return (store) => {
    const { onInserted } = store.messages;
    return onInserted === undefined ? store : faultyMessages(store, { onInserted: fault(onInserted) });
  };
}
