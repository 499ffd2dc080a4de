import type { Mutant } from "./mutant.ts";
import { faultyEndpoints } from "./mutant.ts";

const writtenDown = "verified/when a test reached the endpoint is written down, and nothing else";
const changesNothing = "verified/a test of another URL, or of an endpoint that is not there, changes nothing";
const bothHappen =
  "verified/an update and a test at once both happen, but for a test of the URL that the update replaces";

export const verifiedMutants: readonly Mutant[] = [
  {
    fault: "a test that reached the endpoint raises the revision",
    caughtBy: [writtenDown],
    plant: (store) =>
      faultyEndpoints(store, {
        verified: async (input) => {
          const written = await store.endpoints.verified(input);
          if (written) await store.endpoints.update({ ...input, change: (endpoint) => endpoint });
          return written;
        },
      }),
  },
  {
    fault: "the first test that reached the endpoint stays",
    caughtBy: [writtenDown, bothHappen],
    plant: (store) =>
      faultyEndpoints(store, {
        verified: async (input) => {
          const at = (await store.endpoints.get(input))?.lastVerifiedAt ?? input.at;
          return store.endpoints.verified({ ...input, at });
        },
      }),
  },
  {
    fault: "a test counts for whatever URL the endpoint has by then",
    caughtBy: [changesNothing, bothHappen],
    plant: (store) =>
      faultyEndpoints(store, {
        verified: async (input) => {
          const url = (await store.endpoints.get(input))?.url ?? input.url;
          return store.endpoints.verified({ ...input, url });
        },
      }),
  },
  {
    fault: "a test of an endpoint that is not there is told to be written",
    caughtBy: [changesNothing],
    plant: (store) =>
      faultyEndpoints(store, {
        verified: async (input) => {
          const written = await store.endpoints.verified(input);
          return written || (await store.endpoints.get(input)) === null;
        },
      }),
  },
  {
    fault: "an update writes the instant of the last test as it read it before",
    caughtBy: [bothHappen],
    plant: (store) =>
      faultyEndpoints(store, {
        update: async (input) => {
          const read = await store.endpoints.get(input);
          const change: typeof input.change = (endpoint) => {
            const made = input.change(endpoint);
            const isLeft = made.lastVerifiedAt === endpoint.lastVerifiedAt;
            return isLeft ? { ...made, lastVerifiedAt: read?.lastVerifiedAt ?? null } : made;
          };
          return store.endpoints.update({ ...input, change });
        },
      }),
  },
];
