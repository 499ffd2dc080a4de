// oxlint-disable no-unused-expressions -- a template of `sql` is a call
import type { SealedText, SecretStore, StoredAnswer, StoredSecret } from "@outhook/core";
import { keyIdOf } from "@outhook/core";
import type { Connection, Sql } from "./connection.ts";

type Place = { readonly tenant: string; readonly id: string };

/** What was sealed: secrets, the headers of endpoints, and what was answered under idempotency keys. */
export function secrets({ reads, writes }: Connection): SecretStore {
  return {
    rotate: writes((sql, { secret, secretHint, publicKey, expireCurrentAt, limit, now, answer, ...place }) => {
      if (isAnswered(sql, answer)) return "answered";
      const { tenant, id } = place;
      const before = secretsOf(sql, place);
      if (before.length === 0) return "not_found"; // There is no endpoint without a secret.
      const older = expireCurrentAt === null ? [] : before;
      const ending = older.map((one) => ({ ...one, expiresAt: one.expiresAt ?? expireCurrentAt ?? now }));
      const kept = ending.filter(({ expiresAt }) => expiresAt > now);
      if (kept.length + 1 > limit) return "too_many";
      sql.run`delete from outhook_sealed where tenant = ${tenant} and endpointId = ${id} and secretId > ''`;
      for (const one of [secret, ...kept]) seal(sql, place, one);
      sql.run`update outhook_endpoints set document = json_set(document,
        '$.secretHint', ${secretHint}, '$.publicKey', ${publicKey}, '$.updatedAt', ${now})
        where tenant = ${tenant} and id = ${id}`;
      raise(sql, tenant);
      keep(sql, answer);
      return "rotated";
    }),

    keptAnswer: reads(answerOf),

    keyIds: reads((sql, { now }) => {
      // From each key to the next: as many looks into the indexes as there are keys, however much they sealed.
      const keys = sql.all<{ keyId: string }>`with recursive keys (keyId) as (select '' union all
        select (select min(keyId) from (
          select min(keyId) as keyId from outhook_sealed where keyId > keys.keyId union all
          select min(keyId) from outhook_answers where keyId > keys.keyId and expiresAt > ${now}))
        from keys where keyId is not null) select keyId from keys where keyId > ''`;
      return keys.map(({ keyId }) => keyId);
    }),

    sealedWith: reads((sql, { keyId, limit, after }) => {
      const { tenant, endpointId, secretId } = after ?? { tenant: "", endpointId: "", secretId: "" };
      return sql.all<SealedText>`select tenant, endpointId, nullif(secretId, '') as secretId, sealed from outhook_sealed
        where keyId = ${keyId} and (tenant, endpointId, secretId) > (${tenant}, ${endpointId}, ${secretId ?? ""})
        order by tenant, endpointId, outhook_sealed.secretId limit ${limit}`;
    }),

    reseal: writes((sql, { texts }) => {
      let replaced = 0;
      for (const { tenant, endpointId, secretId, sealed, resealed } of texts) {
        replaced += sql.run`update outhook_sealed set sealed = ${resealed}, keyId = ${keyIdOf(resealed)}
          where tenant = ${tenant} and endpointId = ${endpointId} and secretId = ${secretId ?? ""} and sealed = ${sealed}`;
      }
      return replaced;
    }),
  };
}

export function seal(sql: Sql, { tenant, id }: Place, secret: StoredSecret): void {
  const { sealed, createdAt, expiresAt } = secret;
  sql.run`insert into outhook_sealed
    values (${tenant}, ${id}, ${secret.id}, ${sealed}, ${keyIdOf(sealed)}, ${createdAt}, ${expiresAt})`;
}

/** The current one, which has no end, then the newest first. */
export function secretsOf(sql: Sql, { tenant, id }: Place): readonly StoredSecret[] {
  return sql.all<StoredSecret>`select secretId as id, sealed, createdAt, expiresAt from outhook_sealed
    where tenant = ${tenant} and endpointId = ${id} and secretId > ''
    order by expiresAt is not null, createdAt desc, secretId desc`;
}

/** Tells dispatchers that what they know of the tenant is old. */
export function raise(sql: Sql, tenant: string): void {
  sql.run`insert into outhook_tenants values (${tenant}, 1) on conflict do update set revision = revision + 1`;
}

type AnswerName = Parameters<SecretStore["keptAnswer"]>[0];

function answerOf(sql: Sql, { tenant, scope, key, now }: AnswerName): StoredAnswer | null {
  return sql.get<StoredAnswer>`select document from outhook_answers
    where tenant = ${tenant} and scope = ${scope} and key = ${key} and expiresAt > ${now}`;
}

export function isAnswered(sql: Sql, answer: StoredAnswer | undefined): boolean {
  return answer !== undefined && answerOf(sql, { ...answer, now: answer.createdAt }) !== null;
}

/** Writes an answer, and removes others that have expired: they hold sealed secrets. */
export function keep(sql: Sql, answer: StoredAnswer | undefined): void {
  if (answer === undefined) return;
  const { tenant, scope, key, sealed, createdAt, expiresAt } = answer;
  sql.run`delete from outhook_answers where expiresAt <= ${createdAt}`;
  sql.run`insert or replace into outhook_answers
    values (${tenant}, ${scope}, ${key}, ${JSON.stringify(answer)}, ${keyIdOf(sealed)}, ${expiresAt})`;
}
