import type { EndpointStore, StoredEndpoint } from "@outhook/core";
import { answerSteps } from "./answers.ts";
import type { EndpointTable, SecretTable } from "./database.ts";
import type { QueryBuilder } from "./dialect.ts";
import { endpointColumns, fromEndpoint, fromSecret, secretColumns, toEndpoint } from "./rows.ts";
import { ofTenantsSteps } from "./of-tenants.ts";
import type { Steps, Stepwise } from "./steps.ts";
import { firstOf, rowsOf } from "./steps.ts";
import { tenantSteps } from "./tenants.ts";

type OfTenant = { readonly tenant: string };
type OfEndpoint = OfTenant & { readonly id: string };

/** Sorts after every id. */
const lastId = "\u{10FFFF}";

/** As the port has it, but for `update`. */
export type EndpointSteps = Stepwise<Omit<EndpointStore, "update">> & {
  /**
   * Ends in a function to be called after the transaction. It returns the endpoint, or throws what `change` threw: that
   * is no failure of the database and not to be taken for one.
   */
  readonly update: (input: Parameters<EndpointStore["update"]>[0]) => Steps<() => StoredEndpoint | null>;
};

/**
 * Endpoints with their secrets. Each method is to run in a transaction; `ofTenants` in one that reads a
 * single snapshot. All writes of a tenant wait for each other at its row, which they lock first.
 */
export function endpointSteps(builder: QueryBuilder): EndpointSteps {
  const queries = endpointQueries(builder);
  const tenants = tenantSteps(builder);
  const answers = answerSteps(builder);

  return {
    *insert({ endpoint, secret, limit, answer }) {
      const { tenant } = endpoint;
      yield* tenants.lock(tenant);
      if (yield* answers.isAnswered(answer)) return "answered";
      const counted = yield* firstOf(queries.count, { tenant });
      if (Number(counted?.count ?? 0) >= limit) return "too_many";
      yield* rowsOf(queries.insert, fromEndpoint(endpoint));
      yield* rowsOf(queries.insertSecret, fromSecret(secret, { tenant, id: endpoint.id }));
      yield* tenants.raise(tenant);
      yield* answers.keep(answer);
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

    *update({ tenant, id, change }) {
      yield* tenants.lock(tenant);
      const row = yield* firstOf(queries.get, { tenant, id });
      if (row === null) return () => null;
      let changed: EndpointTable;
      try {
        changed = fromEndpoint(change(toEndpoint(row)));
      } catch (error) {
        return () => {
          throw error;
        };
      }
      const written = yield* firstOf(queries.update, { ...changed, tenant, id });
      yield* tenants.raise(tenant);
      return () => (written === null ? null : toEndpoint(written));
    },

    *verified(tested) {
      // An update writes back all of the row that it has read.
      yield* tenants.lock(tested.tenant);
      return (yield* firstOf(queries.verified, tested)) !== null;
    },

    *delete(of) {
      yield* tenants.lock(of.tenant);
      const row = yield* firstOf(queries.delete, of);
      if (row === null) return false;
      yield* rowsOf(queries.deleteSecrets, of);
      yield* tenants.raise(of.tenant);
      return true;
    },

    revisions: ({ tenants: names }) => tenants.revisions(names),

    ofTenants: ofTenantsSteps(builder),
  };
}

function endpointQueries({ db, query }: QueryBuilder) {
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
    list: query((p: OfTenant & { readonly after: string; readonly limit: number }) =>
      endpoints.where("tenant", "=", p.tenant).where("id", "<", p.after).orderBy("id", "desc").limit(p.limit),
    ),
    /** Leaves what names the endpoint and what follows from its secret. */
    update: query((p: EndpointTable) =>
      db
        .updateTable("outhook_endpoints")
        .set({
          url: p.url,
          events: p.events,
          description: p.description,
          status: p.status,
          disabled_reason: p.disabled_reason,
          timeout_seconds: p.timeout_seconds,
          max_retries: p.max_retries,
          rate_limit: p.rate_limit,
          metadata: p.metadata,
          header_names: p.header_names,
          sealed_headers: p.sealed_headers,
          headers_key_id: p.headers_key_id,
          created_at: p.created_at,
          last_verified_at: p.last_verified_at,
          updated_at: p.updated_at,
        })
        .where("tenant", "=", p.tenant)
        .where("id", "=", p.id)
        .returning(endpointColumns),
    ),
    verified: query((p: OfEndpoint & { readonly url: string; readonly at: number }) =>
      db
        .updateTable("outhook_endpoints")
        .set({ last_verified_at: p.at })
        .where("tenant", "=", p.tenant)
        .where("id", "=", p.id)
        .where("url", "=", p.url)
        .returning("id"),
    ),
    delete: query((p: OfEndpoint) =>
      db.deleteFrom("outhook_endpoints").where("tenant", "=", p.tenant).where("id", "=", p.id).returning("id"),
    ),
    insertSecret: query((p: SecretTable) => db.insertInto("outhook_secrets").values(p), secretColumns),
    deleteSecrets: query((p: OfEndpoint) =>
      db.deleteFrom("outhook_secrets").where("tenant", "=", p.tenant).where("endpoint_id", "=", p.id),
    ),
  };
}
