// oxlint-disable no-unused-expressions -- a template of `sql` is a call
import type {
  EndpointStore,
  SealedText,
  StoredAnswer,
  StoredEndpoint,
  StoredSecret,
  TenantEndpoints,
} from "@outhook/core";
import { keyIdOf } from "@outhook/core";
import type { Connection, Sql } from "./connection.ts";

/** Endpoints that one call reads of several tenants, so that it does not hold up the event loop. */
const mostEndpoints = 200;

type Place = { readonly tenant: string; readonly id: string };
type Key = { readonly keyId: string };
type Reads = "get" | "list" | "answer" | "ofTenants" | "revisions" | "keyIds" | "sealedWith";

/** Endpoints, their secrets, and what was answered under idempotency keys. */
export function endpoints({ reads, writes }: Connection): EndpointStore {
  return {
    ...reads<Pick<EndpointStore, Reads>>({
      get: find,

      list: (sql, { tenant, limit, after = "\u{10FFFF}" }) => sql.all<StoredEndpoint>`
        select document, sealedHeaders from outhook_endpoint
        where tenant = ${tenant} and id < ${after} order by id desc limit ${limit}`,

      answer: answerOf,

      ofTenants(sql, { tenants }) {
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
      },

      revisions: (sql, { tenants }) => revisionsOf(sql, tenants),

      keyIds(sql, { now }) {
        const found = new Set<string>();
        // From each key to the next: as many looks into the index as there are keys, however much they sealed.
        const walk = (next: (after: string) => Key | undefined): void => {
          for (let key = next(""); key !== undefined; key = next(key.keyId)) found.add(key.keyId);
        };
        walk((after) => sql.get<Key>`select keyId from outhook_sealed where keyId > ${after} order by keyId limit 1`);
        walk(
          (after) => sql.get<Key>`select keyId from outhook_answers
          where keyId > ${after} and expiresAt > ${now} order by keyId limit 1`,
        );
        return [...found];
      },

      sealedWith(sql, { keyId, limit, after }) {
        const { tenant, endpointId, secretId } = after ?? { tenant: "", endpointId: "", secretId: "" };
        return sql.all<SealedText>`select tenant, endpointId, nullif(secretId, '') as secretId, sealed from outhook_sealed
          where keyId = ${keyId} and (tenant, endpointId, secretId) > (${tenant}, ${endpointId}, ${secretId ?? ""})
          order by tenant, endpointId, outhook_sealed.secretId limit ${limit}`;
      },
    }),
    ...writes<Omit<EndpointStore, Reads>>({
      insert(sql, { endpoint, secret, limit, answer }) {
        const { tenant } = endpoint;
        if (isAnswered(sql, answer)) return "answered";
        if (sql.all`select 1 from outhook_endpoints where tenant = ${tenant} limit ${limit}`.length >= limit)
          return "too_many";
        write(sql, endpoint);
        seal(sql, endpoint, secret);
        raise(sql, tenant);
        keep(sql, answer);
        return "inserted";
      },

      update(sql, { change, ...place }) {
        const before = find(sql, place);
        if (before === null) return null;
        const { tenant, id, signingVersion, secretHint, publicKey } = before;
        write(sql, { ...change(before), tenant, id, signingVersion, secretHint, publicKey });
        raise(sql, tenant);
        return find(sql, place);
      },

      verified(sql, { url, at, ...place }) {
        const before = find(sql, place);
        if (before?.url !== url) return false;
        write(sql, { ...before, lastVerifiedAt: at });
        return true;
      },

      delete(sql, { tenant, id }) {
        if (sql.run`delete from outhook_endpoints where tenant = ${tenant} and id = ${id}` === 0) return false;
        sql.run`delete from outhook_sealed where tenant = ${tenant} and endpointId = ${id}`;
        raise(sql, tenant);
        return true;
      },

      rotateSecret(sql, { secret, secretHint, publicKey, expireCurrentAt, limit, now, answer, ...place }) {
        if (isAnswered(sql, answer)) return "answered";
        const endpoint = find(sql, place);
        if (endpoint === null) return "not_found";
        const older = expireCurrentAt === null ? [] : secretsOf(sql, place);
        const ending = older.map((one) => ({ ...one, expiresAt: one.expiresAt ?? expireCurrentAt ?? now }));
        const kept = ending.filter(({ expiresAt }) => expiresAt > now);
        if (kept.length + 1 > limit) return "too_many";
        sql.run`delete from outhook_sealed where tenant = ${place.tenant} and endpointId = ${place.id} and secretId > ''`;
        for (const one of [secret, ...kept]) seal(sql, place, one);
        write(sql, { ...endpoint, secretHint, publicKey, updatedAt: now });
        raise(sql, place.tenant);
        keep(sql, answer);
        return "rotated";
      },

      reseal(sql, { texts }) {
        let replaced = 0;
        for (const { tenant, endpointId, secretId, sealed, resealed } of texts) {
          replaced += sql.run`update outhook_sealed set sealed = ${resealed}, keyId = ${keyIdOf(resealed)}
            where tenant = ${tenant} and endpointId = ${endpointId} and secretId = ${secretId ?? ""} and sealed = ${sealed}`;
        }
        return replaced;
      },
    }),
  };
}

function find(sql: Sql, { tenant, id }: Place): StoredEndpoint | null {
  const found = sql.get<StoredEndpoint>`select document, sealedHeaders from outhook_endpoint
    where tenant = ${tenant} and id = ${id}`;
  return found ?? null;
}

function write(sql: Sql, { sealedHeaders, ...endpoint }: StoredEndpoint): void {
  const { tenant, id, createdAt } = endpoint;
  sql.run`insert or replace into outhook_endpoints values (${tenant}, ${id}, ${JSON.stringify(endpoint)})`;
  sql.run`delete from outhook_sealed where tenant = ${tenant} and endpointId = ${id} and secretId = ''`;
  if (sealedHeaders !== null) seal(sql, endpoint, { id: "", sealed: sealedHeaders, createdAt, expiresAt: null });
}

function seal(sql: Sql, { tenant, id }: Place, secret: StoredSecret): void {
  const { sealed, createdAt, expiresAt } = secret;
  sql.run`insert into outhook_sealed
    values (${tenant}, ${id}, ${secret.id}, ${sealed}, ${keyIdOf(sealed)}, ${createdAt}, ${expiresAt})`;
}

/** The current one, which has no end, then the newest first. */
function secretsOf(sql: Sql, { tenant, id }: Place): readonly StoredSecret[] {
  return sql.all<StoredSecret>`select secretId as id, sealed, createdAt, expiresAt from outhook_sealed
    where tenant = ${tenant} and endpointId = ${id} and secretId > ''
    order by expiresAt is not null, createdAt desc, secretId desc`;
}

function raise(sql: Sql, tenant: string): void {
  sql.run`insert into outhook_tenants values (${tenant}, 1) on conflict do update set revision = revision + 1`;
}

function revisionsOf(sql: Sql, tenants: readonly string[]): ReadonlyMap<string, number> {
  const rows = sql.all<{ tenant: string; revision: number }>`select tenant, revision from outhook_tenants
    where tenant in (select value from json_each(${tenants}))`;
  return new Map(rows.map(({ tenant, revision }) => [tenant, revision]));
}

function answerOf(sql: Sql, { tenant, scope, key, now }: Parameters<EndpointStore["answer"]>[0]): StoredAnswer | null {
  const found = sql.get<StoredAnswer>`select document from outhook_answers
    where tenant = ${tenant} and scope = ${scope} and key = ${key} and expiresAt > ${now}`;
  return found ?? null;
}

function isAnswered(sql: Sql, answer: StoredAnswer | undefined): boolean {
  return answer !== undefined && answerOf(sql, { ...answer, now: answer.createdAt }) !== null;
}

/** Writes an answer, and removes others that have expired: they hold sealed secrets. */
function keep(sql: Sql, answer: StoredAnswer | undefined): void {
  if (answer === undefined) return;
  const { tenant, scope, key, sealed, createdAt, expiresAt } = answer;
  sql.run`delete from outhook_answers where expiresAt <= ${createdAt}`;
  sql.run`insert or replace into outhook_answers
    values (${tenant}, ${scope}, ${key}, ${JSON.stringify(answer)}, ${keyIdOf(sealed)}, ${expiresAt})`;
}
