// oxlint-disable no-unused-expressions -- a template of `sql` is a call
import type { EndpointStore, StoredEndpoint, TenantEndpoints } from "@outhook/core";
import type { Connection, Sql } from "./connection.ts";
import { isAnswered, keep, raise, seal, secretsOf } from "./secrets.ts";

/** Endpoints that one call reads of several tenants, so that it does not hold up the event loop. */
const mostEndpoints = 200;

/** Endpoints, and the tenants' revisions. */
export function endpoints({ reads, writes }: Connection): EndpointStore {
  return {
    insert: writes((sql, { endpoint, secret, limit, answer }) => {
      const { tenant } = endpoint;
      if (isAnswered(sql, answer)) return "answered";
      if (sql.all`select 1 from outhook_endpoints where tenant = ${tenant} limit ${limit}`.length >= limit)
        return "too_many";
      write(sql, endpoint);
      seal(sql, endpoint, secret);
      raise(sql, tenant);
      keep(sql, answer);
      return "inserted";
    }),

    get: reads(find),

    list: reads((sql, { tenant, limit, after = "\u{10FFFF}" }) => {
      return sql.all<StoredEndpoint>`select document, sealedHeaders from outhook_endpoint
        where tenant = ${tenant} and id < ${after} order by id desc limit ${limit}`;
    }),

    update: writes((sql, { change, ...place }) => {
      const before = find(sql, place);
      if (before === null) return null;
      const { tenant, id, signingVersion, secretHint, publicKey } = before;
      write(sql, { ...change(before), tenant, id, signingVersion, secretHint, publicKey });
      raise(sql, tenant);
      return find(sql, place);
    }),

    verified: writes((sql, { tenant, id, url, at }) => {
      const written = sql.run`update outhook_endpoints set document = json_set(document, '$.lastVerifiedAt', ${at})
        where tenant = ${tenant} and id = ${id} and document ->> 'url' = ${url}`;
      return written === 1;
    }),

    delete: writes((sql, { tenant, id }) => {
      if (sql.run`delete from outhook_endpoints where tenant = ${tenant} and id = ${id}` === 0) return false;
      sql.run`delete from outhook_sealed where tenant = ${tenant} and endpointId = ${id}`;
      raise(sql, tenant);
      return true;
    }),

    ofTenants: reads((sql, { tenants }) => {
      const found = new Map<string, TenantEndpoints>();
      let count = 0;
      for (const tenant of tenants) {
        const rows = sql.all<StoredEndpoint>`select document, sealedHeaders from outhook_endpoint
          where tenant = ${tenant} order by id`;
        const ofTenant = rows.map((endpoint) => ({ endpoint, secrets: secretsOf(sql, endpoint) }));
        found.set(tenant, { revision: revisionsOf(sql, [tenant]).get(tenant) ?? 0, endpoints: ofTenant });
        count += rows.length;
        if (count >= mostEndpoints) break;
      }
      return found;
    }),

    revisions: reads((sql, { tenants }) => revisionsOf(sql, tenants)),
  };
}

function find(sql: Sql, { tenant, id }: { readonly tenant: string; readonly id: string }): StoredEndpoint | null {
  return sql.get<StoredEndpoint>`select document, sealedHeaders from outhook_endpoint
    where tenant = ${tenant} and id = ${id}`;
}

function write(sql: Sql, { sealedHeaders, ...endpoint }: StoredEndpoint): void {
  const { tenant, id, createdAt } = endpoint;
  sql.run`insert or replace into outhook_endpoints values (${tenant}, ${id}, ${JSON.stringify(endpoint)})`;
  sql.run`delete from outhook_sealed where tenant = ${tenant} and endpointId = ${id} and secretId = ''`;
  if (sealedHeaders !== null) seal(sql, endpoint, { id: "", sealed: sealedHeaders, createdAt, expiresAt: null });
}

function revisionsOf(sql: Sql, tenants: readonly string[]): ReadonlyMap<string, number> {
  const rows = sql.all<{ tenant: string; revision: number }>`select tenant, revision from outhook_tenants
    where tenant in (select value from json_each(${tenants}))`;
  return new Map(rows.map(({ tenant, revision }) => [tenant, revision]));
}
