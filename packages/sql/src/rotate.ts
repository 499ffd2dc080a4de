import type { SecretStore } from "@outhook/core";
import { answerSteps } from "./answers.ts";
import type { SecretTable } from "./database.ts";
import type { QueryBuilder } from "./dialect.ts";
import { fromSecret, secretColumns } from "./rows.ts";
import type { Stepwise } from "./steps.ts";
import { firstOf, rowsOf } from "./steps.ts";
import { tenantSteps } from "./tenants.ts";

type OfEndpoint = { readonly tenant: string; readonly id: string };

/** Makes a secret the current one and ends those before it. */
export function rotateSteps(builder: QueryBuilder): Stepwise<SecretStore>["rotate"] {
  const queries = secretQueries(builder);
  const tenants = tenantSteps(builder);
  const answers = answerSteps(builder);

  return function* rotate({ tenant, id, secret, secretHint, publicKey, expireCurrentAt, limit, now, answer }) {
    const endpoint = { tenant, id };
    yield* tenants.lock(tenant);
    if (yield* answers.isAnswered(answer)) return "answered";
    if ((yield* firstOf(queries.find, endpoint)) === null) return "not_found";
    const endOthersAt = expireCurrentAt ?? now;
    const ends = (yield* rowsOf(queries.ends, endpoint)).map((row) => row.expires_at ?? endOthersAt);
    const kept = expireCurrentAt === null ? 0 : ends.filter((end) => end > now).length;
    if (kept + 1 > limit) return "too_many";

    yield* rowsOf(queries.endCurrent, { ...endpoint, at: endOthersAt });
    if (expireCurrentAt === null) yield* rowsOf(queries.dropAll, endpoint);
    else yield* rowsOf(queries.dropExpired, { ...endpoint, now });
    yield* rowsOf(queries.insert, fromSecret(secret, endpoint));
    yield* rowsOf(queries.show, { ...endpoint, secretHint, publicKey, now });
    yield* tenants.raise(tenant);
    yield* answers.keep(answer);
    return "rotated";
  };
}

function secretQueries({ db, query }: QueryBuilder) {
  return {
    find: query((p: OfEndpoint) =>
      db.selectFrom("outhook_endpoints").select("id").where("tenant", "=", p.tenant).where("id", "=", p.id),
    ),
    ends: query((p: OfEndpoint) =>
      db
        .selectFrom("outhook_secrets")
        .select("expires_at")
        .where("tenant", "=", p.tenant)
        .where("endpoint_id", "=", p.id),
    ),
    endCurrent: query((p: OfEndpoint & { readonly at: number }) =>
      db
        .updateTable("outhook_secrets")
        .set({ expires_at: p.at })
        .where("tenant", "=", p.tenant)
        .where("endpoint_id", "=", p.id)
        .where("expires_at", "is", null),
    ),
    dropExpired: query((p: OfEndpoint & { readonly now: number }) =>
      db
        .deleteFrom("outhook_secrets")
        .where("tenant", "=", p.tenant)
        .where("endpoint_id", "=", p.id)
        .where("expires_at", "<=", p.now),
    ),
    dropAll: query((p: OfEndpoint) =>
      db.deleteFrom("outhook_secrets").where("tenant", "=", p.tenant).where("endpoint_id", "=", p.id),
    ),
    insert: query((p: SecretTable) => db.insertInto("outhook_secrets").values(p), secretColumns),
    show: query(
      (p: OfEndpoint & { readonly secretHint: string; readonly publicKey: string | null; readonly now: number }) =>
        db
          .updateTable("outhook_endpoints")
          .set({ secret_hint: p.secretHint, public_key: p.publicKey, updated_at: p.now })
          .where("tenant", "=", p.tenant)
          .where("id", "=", p.id),
    ),
  };
}
