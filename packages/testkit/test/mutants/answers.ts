import type { SecretStore, Store, StoredAnswer } from "@outhook/core";
import type { Mutant } from "./mutant.ts";
import { faultyEndpoints, faultySecrets, overlap } from "./mutant.ts";

export const answerMutants: readonly Mutant[] = [
  {
    fault: "answers are cut to 64 KiB",
    caughtBy: ["idempotency/an answer reads back as it was written"],
    plant: (store) => rewriting(store, (answer) => ({ ...answer, sealed: answer.sealed.slice(0, 65_536) })),
  },
  {
    fault: "an answer that is given is the one that is kept",
    caughtBy: ["idempotency/what it takes and returns of an answer is a copy"],
    plant: (store) => {
      const kept = new Map<string, StoredAnswer>();
      return faultySecrets(store, {
        keptAnswer: async (input) => {
          const found = await store.secrets.keptAnswer(input);
          const name = JSON.stringify([input.tenant, input.scope, input.key, found?.createdAt, found?.sealed]);
          if (found === null) return null;
          const known = kept.get(name) ?? found;
          kept.set(name, known);
          return known;
        },
      });
    },
  },
  {
    fault: "answers are not told apart by tenant",
    caughtBy: [
      "idempotency/an answer of another tenant is another answer",
      "idempotency/of several inserts at once under one answer one inserts",
    ],
    plant: (store) => naming(store, () => ({ tenant: "acme" })),
  },
  {
    fault: "answers are not told apart by scope",
    caughtBy: [
      "idempotency/an answer of another scope is another answer",
      "idempotency/an answer reads back as it was written",
      "idempotency/a second rotation under one answer changes nothing",
      "idempotency/a rotation replaces an expired answer and leaves the others",
    ],
    plant: (store) => naming(store, () => ({ scope: "" })),
  },
  {
    fault: "keys are compared without case",
    caughtBy: ["idempotency/an answer of another key is another answer"],
    plant: (store) => naming(store, ({ key }) => ({ key: key.toLowerCase() })),
  },
  {
    fault: "scope and key are kept as one text",
    caughtBy: ["idempotency/an answer of another key is another answer"],
    plant: (store) => naming(store, ({ scope, key }) => ({ scope: "", key: `${scope}${key}` })),
  },
  {
    fault: "the second answer is kept instead of the first",
    caughtBy: [
      "idempotency/a second insert under one answer changes nothing",
      "idempotency/a second rotation under one answer changes nothing",
      "idempotency/an insert replaces an expired answer and leaves the others",
      "idempotency/a rotation replaces an expired answer and leaves the others",
      "idempotency/of several inserts at once under one answer one inserts",
      "idempotency/of several rotations at once under one answer one rotates",
    ],
    plant: (store) => keeping(store, (result) => result === "answered"),
  },
  {
    fault: "an insert that was answered is done again",
    caughtBy: [
      "idempotency/a second insert under one answer changes nothing",
      "idempotency/of several inserts at once under one answer one inserts",
    ],
    plant: (store) =>
      faultyEndpoints(store, {
        insert: async (input) => {
          const result = await store.endpoints.insert(input);
          if (result === "answered") await store.endpoints.insert({ ...input, answer: undefined });
          return result;
        },
      }),
  },
  {
    fault: "a rotation that was answered raises the revision",
    caughtBy: ["idempotency/a second rotation under one answer changes nothing"],
    plant: (store) =>
      faultySecrets(store, {
        rotate: async (input) => {
          const result = await store.secrets.rotate(input);
          if (result === "answered") await store.endpoints.update({ ...input, change: (endpoint) => endpoint });
          return result;
        },
      }),
  },
  {
    fault: "a rotation does not look for an answer, and keeps its own",
    caughtBy: [
      "idempotency/a second rotation under one answer changes nothing",
      "idempotency/a rotation was answered, also at the limit and when the endpoint is gone",
      "idempotency/a rotation replaces an expired answer and leaves the others",
      "idempotency/of several rotations at once under one answer one rotates",
    ],
    plant: (store) => {
      const unasked: SecretStore["rotate"] = (input) => store.secrets.rotate({ ...input, answer: undefined });
      return keeping(faultySecrets(store, { rotate: unasked }), (result) => result === "rotated");
    },
  },
  {
    fault: "the limit of endpoints comes before the answer",
    caughtBy: ["idempotency/an insert was answered, also at the limit"],
    plant: (store) =>
      faultyEndpoints(store, {
        insert: async (input) => {
          const { tenant } = input.endpoint;
          const { length } = await store.endpoints.list({ tenant, limit: input.limit });
          return length >= input.limit ? "too_many" : store.endpoints.insert(input);
        },
      }),
  },
  {
    fault: "a missing endpoint comes before the answer",
    caughtBy: ["idempotency/a rotation was answered, also at the limit and when the endpoint is gone"],
    plant: (store) =>
      faultySecrets(store, {
        rotate: async (input) =>
          (await store.endpoints.get(input)) === null ? "not_found" : store.secrets.rotate(input),
      }),
  },
  {
    fault: "refusals are kept as answers",
    caughtBy: ["idempotency/a refused insert keeps no answer", "idempotency/a refused rotation keeps no answer"],
    plant: (store) => keeping(store, (result) => result === "too_many" || result === "not_found"),
  },
  {
    fault: "an answer is given for a moment after it has expired",
    caughtBy: ["idempotency/an answer counts as absent from when it expires"],
    plant: (store) =>
      faultySecrets(store, { keptAnswer: (input) => store.secrets.keptAnswer({ ...input, now: input.now - 1 }) }),
  },
  {
    fault: "expired answers stand in the way of new ones",
    caughtBy: [
      "idempotency/an insert replaces an expired answer and leaves the others",
      "idempotency/a rotation replaces an expired answer and leaves the others",
      "sealing/an answer that takes the place of an expired one brings its key",
    ],
    plant: (store) => {
      const written = async (answer: StoredAnswer | undefined) =>
        answer !== undefined && (await store.secrets.keptAnswer({ ...answer, now: 0 })) !== null;
      const inserting = faultyEndpoints(store, {
        insert: async (input) => ((await written(input.answer)) ? "answered" : store.endpoints.insert(input)),
      });
      return faultySecrets(inserting, {
        rotate: async (input) => ((await written(input.answer)) ? "answered" : store.secrets.rotate(input)),
      });
    },
  },
  {
    fault: "of two inserts at once both pass the look for an answer",
    caughtBy: ["idempotency/of several inserts at once under one answer one inserts"],
    plant: (store) => {
      const overlapping = overlap();
      return faultyEndpoints(store, {
        insert: (input) =>
          overlapping((overlaps) => store.endpoints.insert({ ...input, answer: overlaps ? undefined : input.answer })),
      });
    },
  },
  {
    fault: "of two rotations at once both pass the look for an answer",
    caughtBy: ["idempotency/of several rotations at once under one answer one rotates"],
    plant: (store) => {
      const overlapping = overlap();
      return faultySecrets(store, {
        rotate: (input) =>
          overlapping((overlaps) => store.secrets.rotate({ ...input, answer: overlaps ? undefined : input.answer })),
      });
    },
  },
];

type Name = Pick<StoredAnswer, "tenant" | "scope" | "key">;

/** A store that writes another answer than it was given. */
function rewriting(store: Store, fault: (answer: StoredAnswer) => StoredAnswer): Store {
  const faulty = (answer: StoredAnswer | undefined) => (answer === undefined ? undefined : fault(answer));
  const inserting = faultyEndpoints(store, {
    insert: (input) => store.endpoints.insert({ ...input, answer: faulty(input.answer) }),
  });
  return faultySecrets(inserting, {
    rotate: (input) => store.secrets.rotate({ ...input, answer: faulty(input.answer) }),
  });
}

/** A store that finds answers by another name than their own, and reads them back with the name that was asked for. */
function naming(store: Store, fault: (name: Name) => Partial<Name>): Store {
  const named = rewriting(store, (answer) => ({ ...answer, ...fault(answer) }));
  return faultySecrets(named, {
    keptAnswer: async ({ now, ...name }) => {
      const found = await store.secrets.keptAnswer({ ...name, ...fault(name), now });
      return found === null ? null : { ...found, ...name };
    },
  });
}

/** A store that also keeps the answers of calls with these results, over those it has. */
function keeping(store: Store, keeps: (result: string) => boolean): Store {
  const kept = new Map<string, StoredAnswer>();
  const nameOf = ({ tenant, scope, key }: Name) => JSON.stringify([tenant, scope, key]);
  const noting = async <Result extends string>(answer: StoredAnswer | undefined, call: Promise<Result>) => {
    const result = await call;
    if (answer !== undefined && keeps(result)) kept.set(nameOf(answer), { ...answer });
    return result;
  };
  const inserting = faultyEndpoints(store, {
    insert: (input) => noting(input.answer, store.endpoints.insert(input)),
  });
  return faultySecrets(inserting, {
    rotate: (input) => noting(input.answer, store.secrets.rotate(input)),
    keptAnswer: async (input) => {
      const found = kept.get(nameOf(input));
      return found === undefined || found.expiresAt <= input.now ? store.secrets.keptAnswer(input) : { ...found };
    },
  });
}
