import type { StoredEndpoint } from "../model.ts";
import type { EndpointStore } from "../store/endpoints.ts";
import { isAnswered, keepAnswer } from "./answers.ts";
import type { EndpointRow, Tables, TenantRow } from "./tables.ts";

/** Endpoints in memory. */
export function memoryEndpoints(open: () => Tables): EndpointStore {
  return {
    insert: async ({ endpoint, secret, limit, answer }) => {
      const tables = open();
      if (isAnswered(tables, answer)) return "answered";
      const tenant = tenantOf(tables, endpoint.tenant);
      if (tenant.endpoints.size >= limit) return "too_many";
      tenant.endpoints.set(endpoint.id, { endpoint: structuredClone(endpoint), secrets: [{ ...secret }] });
      tenant.revision += 1;
      keepAnswer(tables, answer);
      return "inserted";
    },

    get: async ({ tenant, id }) => {
      const row = open().tenants.get(tenant)?.endpoints.get(id);
      return row === undefined ? null : structuredClone(row.endpoint);
    },

    list: async ({ tenant, limit, after }) =>
      endpointsOf(open(), tenant)
        .map((row) => row.endpoint)
        .filter((endpoint) => after === undefined || endpoint.id < after)
        .toSorted((a, b) => (a.id < b.id ? 1 : -1))
        .slice(0, limit)
        .map((endpoint) => structuredClone(endpoint)),

    update: async ({ tenant, id, change }) => {
      const owner = open().tenants.get(tenant);
      const row = owner?.endpoints.get(id);
      if (owner === undefined || row === undefined) return null;
      row.endpoint = changed(row.endpoint, change);
      owner.revision += 1;
      return structuredClone(row.endpoint);
    },

    verified: async ({ tenant, id, url, at }) => {
      const row = open().tenants.get(tenant)?.endpoints.get(id);
      if (row?.endpoint.url !== url) return false;
      row.endpoint = { ...row.endpoint, lastVerifiedAt: at };
      return true;
    },

    delete: async ({ tenant, id }) => {
      const owner = open().tenants.get(tenant);
      if (owner === undefined || !owner.endpoints.delete(id)) return false;
      owner.revision += 1;
      return true;
    },

    ofTenants: async ({ tenants }) => {
      const tables = open();
      const all = tenants.map((tenant) => {
        const revision = tables.tenants.get(tenant)?.revision ?? 0;
        return [tenant, { revision, endpoints: structuredClone(endpointsOf(tables, tenant)) }] as const;
      });
      return new Map(all);
    },

    revisions: async ({ tenants }) => {
      const tables = open();
      const known = tenants.flatMap((tenant) => {
        const revision = tables.tenants.get(tenant)?.revision ?? 0;
        return revision === 0 ? [] : [[tenant, revision] as const];
      });
      return new Map(known);
    },
  };
}

function tenantOf(tables: Tables, tenant: string): TenantRow {
  const found = tables.tenants.get(tenant);
  if (found !== undefined) return found;
  const made: TenantRow = { revision: 0, endpoints: new Map() };
  tables.tenants.set(tenant, made);
  return made;
}

function endpointsOf(tables: Tables, tenant: string): readonly EndpointRow[] {
  return [...(tables.tenants.get(tenant)?.endpoints.values() ?? [])];
}

function changed(endpoint: StoredEndpoint, change: (endpoint: StoredEndpoint) => StoredEndpoint): StoredEndpoint {
  const { tenant, id, signingVersion, secretHint, publicKey } = endpoint;
  return structuredClone({
    ...change(structuredClone(endpoint)),
    tenant,
    id,
    signingVersion,
    secretHint,
    publicKey,
  });
}
