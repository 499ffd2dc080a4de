import type { StoredSecret } from "../model.ts";
import { keyIdOf } from "../secret-box.ts";
import type { SealedText, SecretStore } from "../store/secrets.ts";
import { answerOf, isAnswered, keepAnswer } from "./answers.ts";
import type { EndpointRow, Tables } from "./tables.ts";

/** What was sealed, in memory. */
export function memorySecrets(open: () => Tables): SecretStore {
  return {
    rotate: async ({ tenant, id, secret, secretHint, publicKey, expireCurrentAt, limit, now, answer }) => {
      const tables = open();
      if (isAnswered(tables, answer)) return "answered";
      const owner = tables.tenants.get(tenant);
      const row = owner?.endpoints.get(id);
      if (owner === undefined || row === undefined) return "not_found";
      const older = expireCurrentAt === null ? [] : stillInForce(row.secrets, expireCurrentAt, now);
      if (older.length + 1 > limit) return "too_many";
      row.secrets = [{ ...secret }, ...older];
      row.endpoint = { ...row.endpoint, secretHint, publicKey, updatedAt: now };
      owner.revision += 1;
      keepAnswer(tables, answer);
      return "rotated";
    },

    keptAnswer: async (name) => answerOf(open(), name),

    keyIds: async ({ now }) => {
      const tables = open();
      const answers = [...tables.answers.values()].filter(({ expiresAt }) => expiresAt > now);
      const ids = new Set([...textsIn(tables), ...answers].map(({ sealed }) => keyIdOf(sealed)));
      ids.delete("");
      return [...ids];
    },

    sealedWith: async ({ keyId, limit, after }) =>
      textsIn(open())
        .filter((text) => keyIdOf(text.sealed) === keyId && (after === undefined || placeIn(text) > placeIn(after)))
        .toSorted((one, other) => (placeIn(one) < placeIn(other) ? -1 : 1))
        .slice(0, limit),

    reseal: async ({ texts }) => {
      const { tenants } = open();
      return texts.filter((text) => replace(tenants.get(text.tenant)?.endpoints.get(text.endpointId), text)).length;
    },
  };
}

function stillInForce(secrets: readonly StoredSecret[], expireCurrentAt: number, now: number): readonly StoredSecret[] {
  return secrets
    .map((secret) => ({ ...secret, expiresAt: secret.expiresAt ?? expireCurrentAt }))
    .filter((secret) => secret.expiresAt > now);
}

function textsIn({ tenants }: Tables): readonly SealedText[] {
  const rows = [...tenants.values()].flatMap(({ endpoints }) => [...endpoints.values()]);
  return rows.flatMap(({ endpoint: { tenant, id: endpointId, sealedHeaders }, secrets }) => [
    ...(sealedHeaders === null ? [] : [{ tenant, endpointId, secretId: null, sealed: sealedHeaders }]),
    ...secrets.map(({ id: secretId, sealed }) => ({ tenant, endpointId, secretId, sealed })),
  ]);
}

/** Sorts by tenant, endpoint and secret. A tenant has no control characters. */
function placeIn({ tenant, endpointId, secretId }: Omit<SealedText, "sealed">): string {
  return [tenant, endpointId, secretId ?? ""].join("\0");
}

/** True when the text was still what it was. */
function replace(
  row: EndpointRow | undefined,
  { secretId, sealed, resealed }: SealedText & { readonly resealed: string },
): boolean {
  if (row === undefined) return false;
  if (secretId === null) {
    if (row.endpoint.sealedHeaders !== sealed) return false;
    row.endpoint = { ...row.endpoint, sealedHeaders: resealed };
    return true;
  }
  const isMeant = (secret: { readonly id: string; readonly sealed: string }): boolean =>
    secret.id === secretId && secret.sealed === sealed;
  if (!row.secrets.some(isMeant)) return false;
  row.secrets = row.secrets.map((secret) => (isMeant(secret) ? { ...secret, sealed: resealed } : secret));
  return true;
}
