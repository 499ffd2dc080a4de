import type { Endpoint } from "@outhook/core";
import type { Mutant } from "./mutant.ts";
import { faultyEndpoints, overlap } from "./mutant.ts";

export const endpointMutants: readonly Mutant[] = [
  {
    fault: "get does not check the tenant",
    caughtBy: ["tenancy/an endpoint of another tenant behaves as an unknown one"],
    plant: (store) =>
      faultyEndpoints(store, {
        get: async ({ id }) =>
          (await store.endpoints.get({ tenant: "acme", id })) ?? store.endpoints.get({ tenant: "globex", id }),
      }),
  },
  {
    fault: "the endpoint that is returned is the one that is kept",
    caughtBy: ["endpoints/what it takes and returns is a copy"],
    plant: (store) => {
      const kept = new Map<string, Endpoint | null>();
      return faultyEndpoints(store, {
        get: async (input) => kept.get(input.id) ?? store.endpoints.get(input),
        update: async (input) => {
          const updated = await store.endpoints.update(input);
          kept.set(input.id, updated);
          return updated;
        },
        delete: async (input) => {
          kept.delete(input.id);
          return store.endpoints.delete(input);
        },
      });
    },
  },
  {
    fault: "two inserts at once both pass the limit",
    caughtBy: ["endpoints/of two callers at the limit one inserts"],
    plant: (store) => {
      const overlapping = overlap();
      return faultyEndpoints(store, {
        insert: (input) =>
          overlapping((overlaps) => store.endpoints.insert({ ...input, limit: input.limit + (overlaps ? 1 : 0) })),
      });
    },
  },
  {
    fault: "an update writes the whole row as it was read",
    caughtBy: ["endpoints/two updates of different fields both happen"],
    plant: (store) =>
      faultyEndpoints(store, {
        update: async (input) => {
          const { id: _id, tenant: _tenant, createdAt: _at, ...row } = (await store.endpoints.get(input)) ?? {};
          const named = Object.entries(input.changes).filter(([, value]) => value !== undefined);
          return store.endpoints.update({ ...input, changes: { ...row, ...Object.fromEntries(named) } });
        },
      }),
  },
  {
    fault: "a list takes the id it goes on after along",
    caughtBy: ["endpoints/a list is newest first and goes on after an id, also of one that is gone"],
    plant: (store) =>
      faultyEndpoints(store, {
        list: ({ after, ...input }) =>
          store.endpoints.list({ ...input, ...(after === undefined ? {} : { after: `${after}0` }) }),
      }),
  },
  {
    fault: "a rotation does not raise the revision",
    caughtBy: ["revisions/every write raises the tenant's revision, also when its last endpoint is gone"],
    plant: (store) => {
      const rotations = new Map<string, number>();
      const missing = (tenant: string): number => rotations.get(tenant) ?? 0;
      return faultyEndpoints(store, {
        rotateSecret: async (input) => {
          const result = await store.endpoints.rotateSecret(input);
          if (result === "rotated") rotations.set(input.tenant, missing(input.tenant) + 1);
          return result;
        },
        ofTenant: async (input) => {
          const { revision, endpoints } = await store.endpoints.ofTenant(input);
          return { revision: revision - missing(input.tenant), endpoints };
        },
        revisions: async (input) => {
          const revisions = await store.endpoints.revisions(input);
          return new Map([...revisions].map(([tenant, revision]) => [tenant, revision - missing(tenant)]));
        },
      });
    },
  },
  {
    fault: "a rotation drops the outgoing secret",
    caughtBy: [
      "secrets/a rotation puts the new secret first and ends the outgoing one",
      "secrets/older secrets keep their own end",
      "secrets/what has expired is removed and does not count against the limit",
      "secrets/more than the limit in force is refused and changes nothing",
      "secrets/of two rotations at once both new secrets sign",
    ],
    plant: (store) =>
      faultyEndpoints(store, {
        rotateSecret: (input) => store.endpoints.rotateSecret({ ...input, expireCurrentAt: null }),
      }),
  },
  {
    fault: "a leak leaves the old secrets signing",
    caughtBy: ["secrets/a rotation without an end drops all older ones"],
    plant: (store) =>
      faultyEndpoints(store, {
        rotateSecret: (input) =>
          store.endpoints.rotateSecret({ ...input, expireCurrentAt: input.expireCurrentAt ?? input.now + 60_000 }),
      }),
  },
  {
    fault: "expired secrets are kept",
    caughtBy: ["secrets/what has expired is removed and does not count against the limit"],
    plant: (store) =>
      faultyEndpoints(store, {
        rotateSecret: async (input) => {
          const result = await store.endpoints.rotateSecret({ ...input, now: 0 });
          if (result === "rotated") await store.endpoints.update({ ...input, changes: {}, now: input.now });
          return result;
        },
      }),
  },
  {
    fault: "of two rotations at once the later one forgets the earlier",
    caughtBy: ["secrets/of two rotations at once both new secrets sign"],
    plant: (store) => {
      const overlapping = overlap();
      return faultyEndpoints(store, {
        rotateSecret: (input) =>
          overlapping((overlaps) =>
            store.endpoints.rotateSecret({ ...input, expireCurrentAt: overlaps ? null : input.expireCurrentAt }),
          ),
      });
    },
  },
];
