import type { EndpointStore, EndpointWithSecrets, StoredSecret, TenantEndpoints } from "@outhook/core";
import { sql } from "kysely";
import type { EndpointTable, SecretTable } from "./database.ts";
import type { QueryBuilder } from "./dialect.ts";
import { endpointColumns, secretColumns, toEndpoint, toSecret } from "./rows.ts";
import type { Stepwise } from "./steps.ts";
import { rowsOf } from "./steps.ts";

type OfTenants = { readonly tenants: readonly string[] };

/** Bounds of what one call reads, so that none blocks an event loop for long; a single tenant is read whole. */
const mostTenants = 200;
const mostEndpoints = 200;

/** Several tenants at once by three statements, the first of which says how many of them that can be. */
export function ofTenantsSteps(builder: QueryBuilder): Stepwise<EndpointStore>["ofTenants"] {
  const queries = ofTenantsQueries(builder);
  return function* ofTenants({ tenants: names }) {
    const asked = names.slice(0, mostTenants);
    const known = byTenant(yield* rowsOf(queries.sizes, { tenants: asked }));
    const tenants = firstFew(asked, (name) => Number(known.get(name)?.[0]?.endpoints ?? 0));
    const endpoints = byTenant(yield* rowsOf(queries.endpoints, { tenants }));
    const secrets = byTenant(yield* rowsOf(queries.secrets, { tenants }));
    const read = tenants.map((name): [string, TenantEndpoints] => {
      const revision = known.get(name)?.[0]?.revision ?? 0;
      return [name, { revision, endpoints: withSecrets(endpoints.get(name) ?? [], secrets.get(name) ?? []) }];
    });
    return new Map(read);
  };
}

function ofTenantsQueries({ db, query, inList }: QueryBuilder) {
  return {
    sizes: query((p: OfTenants) =>
      db
        .selectFrom("outhook_tenants")
        .select((row) => [
          "tenant",
          "revision",
          row
            .selectFrom("outhook_endpoints")
            .select((endpoint) => endpoint.fn.countAll().as("count"))
            .whereRef("outhook_endpoints.tenant", "=", "outhook_tenants.tenant")
            .as("endpoints"),
        ])
        .where(inList("tenant", p.tenants)),
    ),
    endpoints: query((p: OfTenants) =>
      db
        .selectFrom("outhook_endpoints")
        .select(endpointColumns)
        .where(inList("tenant", p.tenants))
        .orderBy("tenant")
        .orderBy("id"),
    ),
    secrets: query((p: OfTenants) =>
      db
        .selectFrom("outhook_secrets")
        .select(secretColumns)
        .where(inList("tenant", p.tenants))
        .orderBy(sql`case when expires_at is null then 0 else 1 end`)
        .orderBy("created_at", "desc")
        .orderBy("id", "desc"),
    ),
  };
}

/** The first tenants with no more endpoints than may be read, but at least one. */
function firstFew(names: readonly string[], sizeOf: (name: string) => number): readonly string[] {
  let left = mostEndpoints;
  const end = names.findIndex((name, index) => {
    left -= sizeOf(name);
    return left < 0 && index > 0;
  });
  return end === -1 ? names : names.slice(0, end);
}

function byTenant<Row extends { readonly tenant: string }>(rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> {
  const grouped = new Map<string, Row[]>();
  for (const row of rows) {
    const others = grouped.get(row.tenant);
    if (others === undefined) grouped.set(row.tenant, [row]);
    else others.push(row);
  }
  return grouped;
}

function withSecrets(
  endpoints: readonly EndpointTable[],
  secrets: readonly SecretTable[],
): readonly EndpointWithSecrets[] {
  const byEndpoint = new Map<string, StoredSecret[]>(endpoints.map(({ id }) => [id, []]));
  for (const row of secrets) byEndpoint.get(row.endpoint_id)?.push(toSecret(row));
  return endpoints.map((row) => ({ endpoint: toEndpoint(row), secrets: byEndpoint.get(row.id) ?? [] }));
}
