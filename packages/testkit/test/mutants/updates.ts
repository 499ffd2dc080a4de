import type { Store, StoredEndpoint } from "@outhook/core";
import { isOuthookError, OuthookError } from "@outhook/core";
import type { Mutant } from "./mutant.ts";
import { eachTenant, faultyEndpoints, faultySecrets } from "./mutant.ts";

export const updateMutants: readonly Mutant[] = [
  {
    fault: "a field that is set to null stays as it was",
    caughtBy: ["updates/an update writes what the change makes of the endpoint"],
    plant: (store) =>
      changing(store, (before, made) => ({ ...made, description: made.description ?? before.description })),
  },
  {
    fault: "the sealed headers are left",
    caughtBy: [
      "updates/an update writes what the change makes of the endpoint",
      "sealing/a key of which nothing is left is told no more",
    ],
    plant: (store) => changing(store, (before, made) => ({ ...made, sealedHeaders: before.sealedHeaders })),
  },
  {
    fault: "an update goes to the endpoint that the change names",
    caughtBy: ["updates/an update leaves what names the endpoint and what follows from its secret"],
    plant: (store) =>
      faultyEndpoints(store, {
        update: async (input) => {
          const read = await store.endpoints.get(input);
          if (read === null) return null;
          const { id, tenant } = input.change(read);
          return store.endpoints.update({ ...input, id, tenant });
        },
      }),
  },
  {
    fault: "an update writes the hint that the change makes",
    caughtBy: ["updates/an update leaves what names the endpoint and what follows from its secret"],
    plant: (store) =>
      withHints(store, (hints) => (input) => {
        const change = (endpoint: StoredEndpoint) => {
          const made = input.change(endpoint);
          hints.set(input.id, made.secretHint);
          return made;
        };
        return store.endpoints.update({ ...input, change });
      }),
  },
  {
    fault: "the change is given the endpoint that is kept",
    caughtBy: ["updates/what an update gives the change, takes from it and returns is a copy"],
    plant: (store) => {
      const kept = new Map<string, StoredEndpoint>();
      return faultyEndpoints(store, {
        get: async (input) => kept.get(input.id) ?? store.endpoints.get(input),
        update: (input) => {
          const change = (endpoint: StoredEndpoint) => {
            kept.set(input.id, endpoint);
            const made = input.change(endpoint);
            kept.delete(input.id);
            return made;
          };
          return store.endpoints.update({ ...input, change });
        },
      });
    },
  },
  {
    fault: "the endpoint that an update returns is the one that is kept",
    caughtBy: [
      "updates/what an update gives the change, takes from it and returns is a copy",
      "sealing/an update and a resealing at once both happen",
      "verified/an update and a test at once both happen, but for a test of the URL that the update replaces",
    ],
    plant: (store) => {
      const kept = new Map<string, StoredEndpoint | null>();
      const caching = faultyEndpoints(store, {
        get: async (input) => kept.get(input.id) ?? store.endpoints.get(input),
        update: async (input) => {
          const updated = await store.endpoints.update(input);
          kept.set(input.id, updated);
          return updated;
        },
      });
      return faultySecrets(caching, {
        rotate: async (input) => {
          const result = await store.secrets.rotate(input);
          kept.delete(input.id);
          return result;
        },
      });
    },
  },
  {
    fault: "a change that throws raises the revision",
    caughtBy: ["updates/a change that throws writes nothing, and the call throws the same"],
    plant: (store) => {
      let thrown = 0;
      return faultyEndpoints(store, {
        update: (input) =>
          store.endpoints.update(input).catch((error: unknown) => {
            thrown += 1;
            throw error;
          }),
        ofTenants: eachTenant(store, ({ revision, endpoints }) => ({ revision: revision + thrown, endpoints })),
      });
    },
  },
  {
    fault: "what a change throws comes out as an error of the store",
    caughtBy: ["updates/a change that throws writes nothing, and the call throws the same"],
    plant: (store) =>
      faultyEndpoints(store, {
        update: (input) =>
          store.endpoints.update(input).catch((cause: unknown) => {
            throw isOuthookError(cause) ? cause : new OuthookError("internal", "the update failed", { cause });
          }),
      }),
  },
  {
    fault: "what a change throws is taken for no change",
    caughtBy: [
      "updates/a change that throws writes nothing, and the call throws the same",
      "updates/what an update gives the change, takes from it and returns is a copy",
    ],
    plant: (store) =>
      faultyEndpoints(store, {
        update: (input) => store.endpoints.update(input).catch(() => store.endpoints.get(input)),
      }),
  },
  {
    fault: "an update reads in one step and writes in another",
    caughtBy: [
      "updates/of two updates at once each changes what the other left",
      "sealing/an update and a resealing at once both happen",
      "verified/an update and a test at once both happen, but for a test of the URL that the update replaces",
    ],
    plant: (store) =>
      faultyEndpoints(store, {
        update: async (input) => {
          const read = await store.endpoints.get(input);
          if (read === null) return null;
          const made = input.change(read);
          return store.endpoints.update({ ...input, change: () => made });
        },
      }),
  },
  {
    fault: "an update writes the hint as it was read before",
    caughtBy: ["updates/an update and a rotation at once both happen"],
    plant: (store) =>
      withHints(store, (hints) => async (input) => {
        const read = await store.endpoints.get(input);
        const updated = await store.endpoints.update(input);
        if (read !== null) hints.set(input.id, read.secretHint);
        return updated;
      }),
  },
];

/** A store whose updates write something else than the change made. */
function changing(store: Store, fault: (before: StoredEndpoint, made: StoredEndpoint) => StoredEndpoint): Store {
  return faultyEndpoints(store, {
    update: (input) =>
      store.endpoints.update({ ...input, change: (before) => fault(before, input.change(structuredClone(before))) }),
  });
}

/** A store whose updates write hints, until the next rotation. */
function withHints(store: Store, update: (hints: Map<string, string>) => Store["endpoints"]["update"]): Store {
  const hints = new Map<string, string>();
  const rotating = faultySecrets(store, {
    rotate: (input) => {
      hints.delete(input.id);
      return store.secrets.rotate(input);
    },
  });
  return faultyEndpoints(rotating, {
    update: update(hints),
    get: async (input) => {
      const found = await store.endpoints.get(input);
      return found === null ? null : { ...found, secretHint: hints.get(found.id) ?? found.secretHint };
    },
  });
}
