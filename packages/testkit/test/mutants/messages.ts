import type { NewMessage } from "@outhook/core";
import type { Mutant } from "./mutant.ts";
import { faultyLog, faultyMessages, overlap } from "./mutant.ts";

const everywhere = [0, 1, 2, 3, 4, 5, 6, 7];
const readOn = "messages/those behind a message that is named are read on from there, in each partition";

export const messageMutants: readonly Mutant[] = [
  {
    fault: "idempotency keys are ignored",
    caughtBy: [
      "messages/a repeated key names the first message, as a mismatch when the payload is another",
      "messages/a batch is answered in its order, also for a key that stands twice in it",
      "messages/of two callers with one key one inserts and the other gets its id",
    ],
    plant: changed((message) => ({ ...message, idempotencyKey: null })),
  },
  {
    fault: "two callers at once with one key both insert",
    caughtBy: ["messages/of two callers with one key one inserts and the other gets its id"],
    plant: (store) => {
      const overlapping = overlap();
      return faultyMessages(store, {
        insert: ({ messages, tx }) =>
          overlapping((overlaps) =>
            store.messages.insert({
              messages: overlaps ? messages.map((message) => ({ ...message, idempotencyKey: null })) : messages,
              tx,
            }),
          ),
      });
    },
  },
  {
    fault: "another payload under a taken key passes as a duplicate",
    caughtBy: [
      "messages/a repeated key names the first message, as a mismatch when the payload is another",
      "messages/a batch is answered in its order, also for a key that stands twice in it",
    ],
    plant: changed((message) => ({ ...message, payloadHash: null })),
  },
  {
    fault: "keys are unique over all tenants",
    caughtBy: ["tenancy/one idempotency key of two tenants names two messages"],
    plant: (store) => {
      const holders = new Map<string, string>();
      return faultyMessages(store, {
        insert: async ({ messages, tx }) => {
          const outcomes = await store.messages.insert({ messages, tx });
          return outcomes.map((outcome, index) => {
            const { id, idempotencyKey } = messages[index] ?? { id: "", idempotencyKey: null };
            const holder = idempotencyKey === null ? undefined : holders.get(idempotencyKey);
            if (outcome.outcome !== "inserted" || idempotencyKey === null) return outcome;
            holders.set(idempotencyKey, holder ?? id);
            return holder === undefined ? outcome : { outcome: "duplicate", id: holder };
          });
        },
      });
    },
  },
  {
    fault: "a transaction that cannot be joined is ignored",
    caughtBy: ["messages/a transaction that the store cannot join is refused and nothing is written"],
    plant: (store) => faultyMessages(store, { insert: ({ messages }) => store.messages.insert({ messages }) }),
  },
  {
    fault: "what waits for fan-out comes from all partitions",
    caughtBy: ["messages/those that wait are of the named partitions"],
    plant: (store) =>
      faultyMessages(store, {
        awaitingFanOut: (input) => store.messages.awaitingFanOut({ ...input, partitions: everywhere }),
      }),
  },
  {
    fault: "what waits for fan-out comes newest first",
    caughtBy: ["messages/those that wait come oldest first, up to the limit", readOn],
    plant: (store) =>
      faultyMessages(store, {
        awaitingFanOut: async (input) => {
          const found = await store.messages.awaitingFanOut({ ...input, limit: 1_000 });
          return found.toReversed().slice(0, input.limit);
        },
      }),
  },
  {
    fault: "what waits is read from the beginning again",
    caughtBy: [readOn],
    plant: (store) =>
      faultyMessages(store, {
        awaitingFanOut: ({ after: _after, ...input }) => store.messages.awaitingFanOut(input),
      }),
  },
  {
    fault: "reading on passes over messages of the same instant",
    caughtBy: [readOn],
    plant: (store) =>
      faultyMessages(store, {
        awaitingFanOut: ({ after = new Map(), ...input }) =>
          store.messages.awaitingFanOut({
            ...input,
            after: new Map([...after].map(([partition, { createdAt }]) => [partition, { createdAt, id: "z" }])),
          }),
      }),
  },
  {
    fault: "bodies are kept as parsed JSON",
    caughtBy: [
      "fidelity/a body with keys in their order, twice and odd comes back unchanged",
      "fidelity/a body with numbers as they were written comes back unchanged",
      "fidelity/a body with white space and quotes comes back unchanged",
    ],
    plant: changed((message) => ({ ...message, body: JSON.stringify(JSON.parse(message.body)) })),
  },
  {
    fault: "the log knows messages only once they are fanned out",
    caughtBy: ["messages/an accepted message waits for fan-out and stands in the log"],
    plant: (store) =>
      faultyLog(store, {
        message: async (input) => {
          const found = await store.log.message(input);
          return found?.fannedOut === true ? found : null;
        },
      }),
  },
  {
    fault: "a statement runs",
    caughtBy: ["messages/a statement runs nothing, and a store without SQL says that it has none"],
    plant: (store) =>
      faultyMessages(store, {
        statement: (message) => {
          void store.messages.insert({ messages: [message] });
          return { sql: "insert", parameters: [] };
        },
      }),
  },
  {
    fault: "escaped NULs are dropped from bodies",
    caughtBy: ["fidelity/a body with an escaped NUL comes back unchanged"],
    plant: changed((message) => ({ ...message, body: message.body.replaceAll(String.raw`\u0000`, "") })),
  },
  {
    fault: "escaped surrogates are replaced in bodies",
    caughtBy: ["fidelity/a body with escaped lone surrogates comes back unchanged"],
    plant: changed((message) => ({ ...message, body: message.body.replaceAll(/\\ud[89a-f]../g, "\ufffd") })),
  },
  {
    fault: "bodies are normalised",
    caughtBy: ["fidelity/a body with emoji and combining marks comes back unchanged"],
    plant: changed((message) => ({ ...message, body: message.body.normalize("NFC") })),
  },
  {
    fault: "instants are seconds in 32 bits once they are too large",
    caughtBy: ["fidelity/instants keep their milliseconds, also those after 2038"],
    plant: changed((message) => ({ ...message, createdAt: Math.min(message.createdAt, 2 ** 31 * 1_000) })),
  },
  {
    fault: "bodies are cut at 64 KiB",
    caughtBy: ["fidelity/a body with 256 KiB comes back unchanged"],
    plant: changed((message) => ({ ...message, body: message.body.slice(0, 65_536) })),
  },
];

/** Changes messages on their way in. */
function changed(change: (message: NewMessage) => NewMessage): Mutant["plant"] {
  return (store) =>
    faultyMessages(store, {
      insert: ({ messages, tx }) => store.messages.insert({ messages: messages.map(change), tx }),
    });
}
