import { keyIdOf } from "@outhook/core";
import type { Mutant } from "./mutant.ts";
import { endpointsOf, faultyEndpoints, faultySecrets } from "./mutant.ts";

const told = "sealing/the keys of secrets, headers and answers are told, each once";
const forgotten = "sealing/a key of which nothing is left is told no more";
const paged = "sealing/what one key sealed is read in pages, of all tenants, without answers";
const replaced = "sealing/resealing replaces what is still the same and counts it";
const oneReplaces = "sealing/of two resealings at once of one text one replaces it";
const limit = 1_000;

export const sealingMutants: readonly Mutant[] = [
  {
    fault: "the keys of headers are not told",
    caughtBy: [told, forgotten],
    plant: (store) =>
      faultySecrets(store, {
        keyIds: async (input) => {
          const ids: string[] = [];
          for (const keyId of await store.secrets.keyIds(input)) {
            const texts = await store.secrets.sealedWith({ keyId, limit });
            if (texts.length === 0 || texts.some(({ secretId }) => secretId !== null)) ids.push(keyId);
          }
          return ids;
        },
      }),
  },
  {
    fault: "a key is told as often as it sealed something",
    caughtBy: [told, "sealing/an answer that takes the place of an expired one brings its key"],
    plant: (store) =>
      faultySecrets(store, {
        keyIds: async (input) => {
          const ids: string[] = [];
          for (const keyId of await store.secrets.keyIds(input)) {
            const texts = await store.secrets.sealedWith({ keyId, limit });
            ids.push(keyId, ...texts.slice(1).map(({ sealed }) => keyIdOf(sealed)));
          }
          return ids;
        },
      }),
  },
  {
    fault: "an answer that has expired keeps its key",
    caughtBy: [forgotten],
    plant: (store) => faultySecrets(store, { keyIds: () => store.secrets.keyIds({ now: 0 }) }),
  },
  {
    fault: "the key of an answer in the place of another is not told",
    caughtBy: ["sealing/an answer that takes the place of an expired one brings its key"],
    plant: (store) => {
      const named = new Set<string>();
      const untold = new Set<string>();
      const telling = faultyEndpoints(store, {
        insert: (input) => {
          const { key = "", sealed = "" } = input.answer ?? {};
          if (named.has(key)) untold.add(keyIdOf(sealed));
          named.add(key);
          return store.endpoints.insert(input);
        },
      });
      return faultySecrets(telling, {
        keyIds: async (input) => (await store.secrets.keyIds(input)).filter((id) => !untold.has(id)),
      });
    },
  },
  {
    fault: "keys are never forgotten",
    caughtBy: [forgotten],
    plant: (store) => {
      const known = new Set<string>();
      return faultySecrets(store, {
        keyIds: async (input) => {
          for (const id of await store.secrets.keyIds(input)) known.add(id);
          return [...known];
        },
      });
    },
  },
  {
    fault: "a page has what another key sealed",
    caughtBy: [paged],
    plant: (store) =>
      faultySecrets(store, {
        sealedWith: async (input) => {
          const others = await store.secrets.sealedWith({ ...input, keyId: "k3" });
          return [...others, ...(await store.secrets.sealedWith(input))].slice(0, input.limit);
        },
      }),
  },
  {
    fault: "headers are passed over",
    caughtBy: [paged, replaced],
    plant: (store) =>
      faultySecrets(store, {
        sealedWith: async (input) => {
          const found = await store.secrets.sealedWith({ ...input, limit });
          return found.filter(({ secretId }) => secretId !== null).slice(0, input.limit);
        },
      }),
  },
  {
    fault: "pages begin again when the text before them is gone",
    caughtBy: ["sealing/a page is found after a text that is gone"],
    plant: (store) =>
      faultySecrets(store, {
        sealedWith: async ({ after, ...input }) => {
          const all = await store.secrets.sealedWith({ ...input, limit });
          const nameOf = ({ tenant, endpointId, secretId }: NonNullable<typeof after>): string =>
            JSON.stringify([tenant, endpointId, secretId]);
          const known = after && all.find((one) => nameOf(one) === nameOf(after));
          return store.secrets.sealedWith({ ...input, after: known });
        },
      }),
  },
  {
    fault: "resealing replaces what has changed since",
    caughtBy: [replaced],
    plant: (store) =>
      faultySecrets(store, {
        reseal: async ({ texts }) => {
          const current = texts.map(async (text) => {
            const endpoints = await endpointsOf(store, text.tenant);
            const row = endpoints.find(({ endpoint }) => endpoint.id === text.endpointId);
            const secret = row?.secrets.find(({ id }) => id === text.secretId);
            const sealed = text.secretId === null ? row?.endpoint.sealedHeaders : secret?.sealed;
            return { ...text, sealed: sealed ?? text.sealed };
          });
          return store.secrets.reseal({ texts: await Promise.all(current) });
        },
      }),
  },
  {
    fault: "resealing says that it replaced all",
    caughtBy: [replaced, oneReplaces],
    plant: (store) =>
      faultySecrets(store, {
        reseal: async (input) => {
          await store.secrets.reseal(input);
          return input.texts.length;
        },
      }),
  },
  {
    fault: "resealing raises the revision",
    caughtBy: ["sealing/resealing leaves all else of the endpoint, and the revision"],
    plant: (store) =>
      faultySecrets(store, {
        reseal: async (input) => {
          const count = await store.secrets.reseal(input);
          for (const { tenant, endpointId: id } of input.texts) {
            await store.endpoints.update({ tenant, id, change: (endpoint) => endpoint });
          }
          return count;
        },
      }),
  },
  {
    fault: "an update writes the headers that it read before",
    caughtBy: ["sealing/an update and a resealing at once both happen"],
    plant: (store) =>
      faultyEndpoints(store, {
        update: async (input) => {
          const read = await store.endpoints.get(input);
          return store.endpoints.update({
            ...input,
            change: (endpoint) => {
              const made = input.change(endpoint);
              const isLeft = made.sealedHeaders === endpoint.sealedHeaders;
              return isLeft ? { ...made, sealedHeaders: read?.sealedHeaders ?? null } : made;
            },
          });
        },
      }),
  },
];
