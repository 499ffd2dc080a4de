import type { EndpointChanges, EndpointStore, EndpointWithSecrets, StoredSecret } from "@outhook/core";
import { sql } from "kysely";
import type { EndpointTable, SecretTable } from "./database.ts";
import type { QueryBuilder } from "./dialect.ts";
import { endpointColumns, fromEndpoint, fromSecret, secretColumns, toEndpoint, toSecret } from "./rows.ts";
import { rotateSecretSteps } from "./rotate-secret.ts";
import type { Stepwise } from "./steps.ts";
import { firstOf, rowsOf } from "./steps.ts";
import { tenantSteps } from "./tenants.ts";

type OfTenant = { readonly tenant: string };
type OfEndpoint = OfTenant & { readonly id: string };

/** Sorts after every id. */
const lastId = "\u{10FFFF}";

/**
 * Endpoints with their secrets. Each method is to run in a transaction; `ofTenant` in one that reads a single snapshot.
 */
export function endpointSteps(builder: QueryBuilder): Stepwise<EndpointStore> {
  const queries = endpointQueries(builder);
  const tenants = tenantSteps(builder);

  return {
    *insert({ endpoint, secret, limit }) {
      const { tenant } = endpoint;
      yield* tenants.lock(tenant);
      const counted = yield* firstOf(queries.count, { tenant });
      if (Number(counted?.count ?? 0) >= limit) return "too_many";
      yield* rowsOf(queries.insert, fromEndpoint(endpoint));
      yield* rowsOf(queries.insertSecret, fromSecret(secret, { tenant, id: endpoint.id }));
      yield* tenants.raise(tenant);
      return "inserted";
    },

    *get(of) {
      const row = yield* firstOf(queries.get, of);
      return row === null ? null : toEndpoint(row);
    },

    *list({ tenant, limit, after = lastId }) {
      const rows = yield* rowsOf(queries.list, { tenant, limit, after });
      return rows.map(toEndpoint);
    },

    *update({ tenant, id, changes, now }) {
      const row = yield* firstOf(queries.update, { ...patchOf(changes), tenant, id, now });
      if (row === null) return null;
      yield* tenants.raise(tenant);
      return toEndpoint(row);
    },

    *delete(of) {
      const row = yield* firstOf(queries.delete, of);
      if (row === null) return false;
      yield* rowsOf(queries.deleteSecrets, of);
      yield* tenants.raise(of.tenant);
      return true;
    },

    rotateSecret: rotateSecretSteps(builder),

    *ofTenant({ tenant }) {
      const revision = yield* tenants.revision(tenant);
      const endpoints = yield* rowsOf(queries.ofTenant, { tenant });
      const secrets = yield* rowsOf(queries.secretsOfTenant, { tenant });
      return { revision, endpoints: withSecrets(endpoints, secrets) };
    },

    revisions: ({ tenants: names }) => tenants.revisions(names),
  };
}

function endpointQueries({ db, query, typed }: QueryBuilder) {
  const endpoints = db.selectFrom("outhook_endpoints").select(endpointColumns);
  return {
    count: query((p: OfTenant) =>
      db
        .selectFrom("outhook_endpoints")
        .select((row) => row.fn.countAll().as("count"))
        .where("tenant", "=", p.tenant),
    ),
    insert: query((p: EndpointTable) => db.insertInto("outhook_endpoints").values(p), endpointColumns),
    get: query((p: OfEndpoint) => endpoints.where("tenant", "=", p.tenant).where("id", "=", p.id)),
    ofTenant: query((p: OfTenant) => endpoints.where("tenant", "=", p.tenant).orderBy("id")),
    list: query((p: OfTenant & { readonly after: string; readonly limit: number }) =>
      endpoints.where("tenant", "=", p.tenant).where("id", "<", p.after).orderBy("id", "desc").limit(p.limit),
    ),
    update: query((p: OfEndpoint & Patch & { readonly now: number }) =>
      db
        .updateTable("outhook_endpoints")
        .set({
          url: sql`coalesce(${p.url}, url)`,
          events: sql`coalesce(${p.events}, events)`,
          status: sql`coalesce(${p.status}, status)`,
          timeout_seconds: sql`coalesce(${typed(p.timeoutSeconds, "integer")}, timeout_seconds)`,
          metadata: sql`coalesce(${p.metadata}, metadata)`,
          description: sql`case when ${typed(p.setDescription, "integer")} = 1
            then ${typed(p.description, "text")} else description end`,
          disabled_reason: sql`case when ${typed(p.setDisabledReason, "integer")} = 1
            then ${typed(p.disabledReason, "text")} else disabled_reason end`,
          max_retries: sql`case when ${typed(p.setMaxRetries, "integer")} = 1
            then ${typed(p.maxRetries, "integer")} else max_retries end`,
          updated_at: p.now,
        })
        .where("tenant", "=", p.tenant)
        .where("id", "=", p.id)
        .returning(endpointColumns),
    ),
    delete: query((p: OfEndpoint) =>
      db.deleteFrom("outhook_endpoints").where("tenant", "=", p.tenant).where("id", "=", p.id).returning("id"),
    ),
    insertSecret: query((p: SecretTable) => db.insertInto("outhook_secrets").values(p), secretColumns),
    deleteSecrets: query((p: OfEndpoint) =>
      db.deleteFrom("outhook_secrets").where("tenant", "=", p.tenant).where("endpoint_id", "=", p.id),
    ),
    secretsOfTenant: query((p: OfTenant) =>
      db
        .selectFrom("outhook_secrets")
        .select(secretColumns)
        .where("tenant", "=", p.tenant)
        .orderBy(sql`case when expires_at is null then 0 else 1 end`)
        .orderBy("created_at", "desc")
        .orderBy("id", "desc"),
    ),
  };
}

/** What stays is null; beside a field that may be null, `set…` says whether it changes. */
type Patch = {
  readonly url: string | null;
  readonly events: string | null;
  readonly status: string | null;
  readonly timeoutSeconds: number | null;
  readonly metadata: string | null;
  readonly setDescription: number;
  readonly description: string | null;
  readonly setDisabledReason: number;
  readonly disabledReason: string | null;
  readonly setMaxRetries: number;
  readonly maxRetries: number | null;
};

function patchOf(changes: EndpointChanges): Patch {
  return {
    url: changes.url ?? null,
    events: changes.events === undefined ? null : JSON.stringify(changes.events),
    status: changes.status ?? null,
    timeoutSeconds: changes.timeoutSeconds ?? null,
    metadata: changes.metadata === undefined ? null : JSON.stringify(changes.metadata),
    setDescription: changes.description === undefined ? 0 : 1,
    description: changes.description ?? null,
    setDisabledReason: changes.disabledReason === undefined ? 0 : 1,
    disabledReason: changes.disabledReason ?? null,
    setMaxRetries: changes.maxRetries === undefined ? 0 : 1,
    maxRetries: changes.maxRetries ?? null,
  };
}

function withSecrets(
  endpoints: readonly EndpointTable[],
  secrets: readonly SecretTable[],
): readonly EndpointWithSecrets[] {
  const byEndpoint = new Map<string, StoredSecret[]>(endpoints.map(({ id }) => [id, []]));
  for (const row of secrets) byEndpoint.get(row.endpoint_id)?.push(toSecret(row));
  return endpoints.map((row) => ({ endpoint: toEndpoint(row), secrets: byEndpoint.get(row.id) ?? [] }));
}
