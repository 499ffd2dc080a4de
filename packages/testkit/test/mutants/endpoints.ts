import type { StoredEndpoint, StoredSecret } from "@outhook/core";
import type { Mutant } from "./mutant.ts";
import { eachTenant, endpointsOf, faultyEndpoints, faultySecrets, overlap } from "./mutant.ts";

export const endpointMutants: readonly Mutant[] = [
  {
    fault: "patterns are kept as a set in order of their text",
    caughtBy: ["endpoints/an endpoint reads back as it was written"],
    plant: (store) =>
      faultyEndpoints(store, {
        insert: (input) => {
          const endpoint = { ...input.endpoint, events: input.endpoint.events.toSorted() };
          return store.endpoints.insert({ ...input, endpoint });
        },
      }),
  },
  {
    fault: "the limit is passed by one",
    caughtBy: [
      "endpoints/the endpoint beyond the limit is refused",
      "endpoints/of two callers at the limit one inserts",
      "idempotency/a refused insert keeps no answer",
      "revisions/a refused write leaves the revision",
    ],
    plant: (store) =>
      faultyEndpoints(store, { insert: (input) => store.endpoints.insert({ ...input, limit: input.limit + 1 }) }),
  },
  {
    fault: "the secrets of a deleted endpoint stay",
    caughtBy: ["endpoints/a deleted endpoint is gone with its secrets"],
    plant: (store) => {
      const left = new Map<string, readonly StoredSecret[]>();
      return faultyEndpoints(store, {
        delete: async (input) => {
          const endpoints = await endpointsOf(store, input.tenant);
          const known = endpoints.find(({ endpoint }) => endpoint.id === input.id);
          if (known !== undefined) left.set(input.id, known.secrets);
          return store.endpoints.delete(input);
        },
        ofTenants: eachTenant(store, ({ revision, endpoints }) => {
          const withLeft = endpoints.map(({ endpoint, secrets }) => {
            return { endpoint, secrets: [...secrets, ...(left.get(endpoint.id) ?? [])] };
          });
          return { revision, endpoints: withLeft };
        }),
      });
    },
  },
  {
    fault: "two deletions at once both say that it was them",
    caughtBy: ["endpoints/of two callers who delete an endpoint one gets true"],
    plant: (store) => {
      const overlapping = overlap();
      return faultyEndpoints(store, {
        delete: (input) => overlapping(async (overlaps) => (await store.endpoints.delete(input)) || overlaps),
      });
    },
  },
  {
    fault: "a snapshot reads its revision after its endpoints",
    caughtBy: ["revisions/a snapshot carries the revision it was read at"],
    plant: (store) =>
      faultyEndpoints(store, {
        ofTenants: async (input) => {
          const before = await store.endpoints.ofTenants(input);
          return eachTenant(store, ({ revision }, tenant) => {
            return { revision, endpoints: before.get(tenant)?.endpoints ?? [] };
          })(input);
        },
      }),
  },
  {
    fault: "tenants that are read at once share the highest revision",
    caughtBy: ["revisions/several tenants are read at once, each with what is its own"],
    plant: (store) =>
      faultyEndpoints(store, {
        ofTenants: async (input) => {
          const found = await store.endpoints.ofTenants(input);
          const highest = Math.max(...[...found.values()].map(({ revision }) => revision));
          return new Map([...found].map(([tenant, known]) => [tenant, { ...known, revision: highest }]));
        },
      }),
  },
  {
    fault: "a snapshot leaves out tenants that never had an endpoint",
    caughtBy: [
      "revisions/several tenants are read at once, each with what is its own",
      "revisions/a tenant without endpoints ever has revision 0 and is not in the map",
      "revisions/a snapshot carries the revision it was read at",
    ],
    plant: (store) =>
      faultyEndpoints(store, {
        ofTenants: async (input) => {
          const found = await store.endpoints.ofTenants(input);
          return new Map([...found].filter(([, { revision }]) => revision > 0));
        },
      }),
  },
  {
    fault: "the map names tenants that never had an endpoint",
    caughtBy: ["revisions/a tenant without endpoints ever has revision 0 and is not in the map"],
    plant: (store) =>
      faultyEndpoints(store, {
        revisions: async (input) => {
          const revisions = await store.endpoints.revisions(input);
          return new Map(input.tenants.map((tenant) => [tenant, revisions.get(tenant) ?? 0]));
        },
      }),
  },
  {
    fault: "one tenant's new endpoint raises everybody's revision",
    caughtBy: ["tenancy/the limit and the revision are the tenant's own"],
    plant: (store) => {
      let inserted = 0;
      return faultyEndpoints(store, {
        insert: async (input) => {
          const result = await store.endpoints.insert(input);
          if (result === "inserted") inserted += 1;
          return result;
        },
        ofTenants: eachTenant(store, ({ revision, endpoints }) => {
          return { revision: revision === 0 ? 0 : revision + inserted, endpoints };
        }),
        revisions: async (input) => {
          const revisions = await store.endpoints.revisions(input);
          return new Map([...revisions].map(([tenant, revision]) => [tenant, revision + inserted]));
        },
      });
    },
  },
  {
    fault: "a snapshot holds the endpoints of other tenants",
    caughtBy: [
      "tenancy/lists and snapshots hold the tenant's own endpoints",
      "revisions/several tenants are read at once, each with what is its own",
    ],
    plant: (store) =>
      faultyEndpoints(store, {
        ofTenants: async (input) => {
          const endpoints = await endpointsOf(store, "acme");
          return eachTenant(store, (own, tenant) =>
            tenant === "acme" || own.revision === 0 ? own : { ...own, endpoints: [...own.endpoints, ...endpoints] },
          )(input);
        },
      }),
  },
  {
    fault: "tenants are compared without case",
    caughtBy: ["tenancy/tenants that differ in case, accents or a space are different tenants"],
    plant: (store) =>
      faultyEndpoints(store, {
        list: (input) => store.endpoints.list({ ...input, tenant: input.tenant.toLowerCase() }),
      }),
  },
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
    fault: "the endpoint that is inserted is the one that is kept",
    caughtBy: ["endpoints/what it takes and returns is a copy"],
    plant: (store) => {
      const kept = new Map<string, StoredEndpoint>();
      const forgetting =
        <Input extends { readonly id: string }, Result>(call: (input: Input) => Promise<Result>) =>
        (input: Input) => {
          kept.delete(input.id);
          return call(input);
        };
      const rotating = faultySecrets(store, { rotate: forgetting(store.secrets.rotate) });
      return faultyEndpoints(rotating, {
        insert: async (input) => {
          const result = await store.endpoints.insert(input);
          if (result === "inserted") kept.set(input.endpoint.id, input.endpoint);
          return result;
        },
        get: async (input) => {
          const found = kept.get(input.id);
          return found?.tenant === input.tenant ? structuredClone(found) : store.endpoints.get(input);
        },
        update: forgetting(store.endpoints.update),
        verified: forgetting(store.endpoints.verified),
        delete: forgetting(store.endpoints.delete),
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
      const rotating = faultySecrets(store, {
        rotate: async (input) => {
          const result = await store.secrets.rotate(input);
          if (result === "rotated") rotations.set(input.tenant, missing(input.tenant) + 1);
          return result;
        },
      });
      return faultyEndpoints(rotating, {
        ofTenants: eachTenant(store, ({ revision, endpoints }, tenant) => {
          return { revision: revision - missing(tenant), endpoints };
        }),
        revisions: async (input) => {
          const revisions = await store.endpoints.revisions(input);
          return new Map([...revisions].map(([tenant, revision]) => [tenant, revision - missing(tenant)]));
        },
      });
    },
  },
];
