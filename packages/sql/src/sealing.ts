import type { SealedText, SecretStore } from "@outhook/core";
import { keyIdOf } from "@outhook/core/for-stores";
import { sql } from "kysely";
import type { QueryBuilder } from "./dialect.ts";
import type { Query } from "./query.ts";
import type { Steps, Stepwise } from "./steps.ts";
import { firstOf, rowsOf } from "./steps.ts";
import { tenantSteps } from "./tenants.ts";

/** Which keys sealed what, and sealing it anew. */
export function sealingSteps(builder: QueryBuilder): Omit<Stepwise<SecretStore>, "rotate" | "keptAnswer"> {
  const keyIds = keyIdQueries(builder);
  const queries = sealingQueries(builder);
  const tenants = tenantSteps(builder);

  return {
    *keyIds({ now }) {
      const ids = [
        ...(yield* allOf(keyIds.ofSecrets, {})),
        ...(yield* allOf(keyIds.ofHeaders, {})),
        ...(yield* allOf(keyIds.ofAnswers, { now })),
      ];
      return [...new Set(ids)];
    },

    *sealedWith({ keyId, limit, after }) {
      const { tenant = "", endpointId = "", secretId = null } = after ?? {};
      const from = { keyId, limit, tenant, endpointId };
      if (secretId !== null) return yield* rowsOf(queries.secrets, { ...from, secretId });
      const headers = yield* rowsOf(queries.headers, from);
      if (headers.length > 0) return headers.map((row) => ({ ...row, secretId: null }));
      return yield* rowsOf(queries.secrets, { keyId, limit, tenant: "", endpointId: "", secretId: "" });
    },

    *reseal({ texts }) {
      // In one order, so that no two callers wait for each other's tenants.
      for (const tenant of [...new Set(texts.map((text) => text.tenant))].toSorted()) yield* tenants.lock(tenant);
      let replaced = 0;
      for (const { secretId, ...text } of texts) {
        const change = { ...text, keyId: keyIdOf(text.resealed) };
        const written =
          secretId === null
            ? yield* rowsOf(queries.resealHeaders, change)
            : yield* rowsOf(queries.resealSecret, { ...change, secretId });
        replaced += written.length;
      }
      return replaced;
    },
  };
}

type KeyId = { readonly keyId: string | null };

/** The distinct values, found one by one: each by one look into the index, however many rows have it. */
function* allOf<Params extends object>(
  next: Query<Params & { readonly after: string }, KeyId>,
  params: Params,
): Steps<readonly string[]> {
  const found: string[] = [];
  for (;;) {
    const row = yield* firstOf(next, { ...params, after: found.at(-1) ?? "" });
    if (row?.keyId == null) return found;
    found.push(row.keyId);
  }
}

function keyIdQueries({ db, query }: QueryBuilder) {
  const one = sql.lit(1);
  return {
    ofSecrets: query((p: { readonly after: string }) =>
      db
        .selectFrom("outhook_secrets")
        .select("key_id as keyId")
        .where("key_id", ">", p.after)
        .orderBy("key_id")
        .limit(one),
    ),
    ofHeaders: query((p: { readonly after: string }) =>
      db
        .selectFrom("outhook_endpoints")
        .select("headers_key_id as keyId")
        .where("headers_key_id", ">", p.after)
        .orderBy("headers_key_id")
        .limit(one),
    ),
    ofAnswers: query((p: { readonly after: string; readonly now: number }) =>
      db
        .selectFrom("outhook_answers")
        .select("key_id as keyId")
        .where("key_id", ">", p.after)
        .where("expires_at", ">", p.now)
        .orderBy("key_id")
        .limit(one),
    ),
  };
}

type Page = { readonly keyId: string; readonly limit: number; readonly tenant: string; readonly endpointId: string };
type Change = Omit<SealedText, "secretId"> & { readonly resealed: string; readonly keyId: string };

function sealingQueries({ db, query }: QueryBuilder) {
  return {
    headers: query((p: Page) =>
      db
        .selectFrom("outhook_endpoints")
        .select((row) => ["tenant", "id as endpointId", row.ref("sealed_headers").$notNull().as("sealed")])
        .where("headers_key_id", "=", p.keyId)
        .where((row) => row(row.refTuple("tenant", "id"), ">", row.tuple(p.tenant, p.endpointId)))
        .orderBy("tenant")
        .orderBy("id")
        .limit(p.limit),
    ),
    secrets: query((p: Page & { readonly secretId: string }) =>
      db
        .selectFrom("outhook_secrets")
        .select(["tenant", "endpoint_id as endpointId", "id as secretId", "sealed"])
        .where("key_id", "=", p.keyId)
        .where((row) =>
          row(row.refTuple("tenant", "endpoint_id", "id"), ">", row.tuple(p.tenant, p.endpointId, p.secretId)),
        )
        .orderBy("tenant")
        .orderBy("endpoint_id")
        .orderBy("id")
        .limit(p.limit),
    ),
    resealHeaders: query((p: Change) =>
      db
        .updateTable("outhook_endpoints")
        .set({ sealed_headers: p.resealed, headers_key_id: p.keyId })
        .where("tenant", "=", p.tenant)
        .where("id", "=", p.endpointId)
        .where("sealed_headers", "=", p.sealed)
        .returning("id"),
    ),
    resealSecret: query((p: Change & { readonly secretId: string }) =>
      db
        .updateTable("outhook_secrets")
        .set({ sealed: p.resealed, key_id: p.keyId })
        .where("tenant", "=", p.tenant)
        .where("endpoint_id", "=", p.endpointId)
        .where("id", "=", p.secretId)
        .where("sealed", "=", p.sealed)
        .returning("id"),
    ),
  };
}
