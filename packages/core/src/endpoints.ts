import { checkOptions } from "./check-options.ts";
import type { Directory } from "./directory.ts";
import { disabledHoldMs } from "./deliver.ts";
import type { EndpointPatch, EndpointRules, NewEndpoint } from "./endpoint-input.ts";
import { endpointFieldNames, parseEndpointPatch, parseNewEndpoint } from "./endpoint-input.ts";
import { changedRecord, newRecord, shownEndpoint } from "./endpoint-record.ts";
import { OuthookError } from "./errors.ts";
import type { AnyEvents } from "./events.ts";
import { newHealth } from "./health.ts";
import { isId, newId } from "./id.ts";
import type { IdempotencyOptions } from "./idempotency.ts";
import { createIdempotency } from "./idempotency.ts";
import type { Endpoint, EndpointHealth, EndpointStatus, StoredEndpoint, StoredSecret } from "./model.ts";
import type { Settings } from "./settings.ts";
import { paceOf } from "./pacing.ts";
import type { Page, PageOptions } from "./page.ts";
import { pageOf, parsePageOptions } from "./page.ts";
import { shown } from "./shown.ts";
import { generateSecret, publicKeyOf, secretHint } from "./secret.ts";
import type { SecretBox } from "./secret-box.ts";
import type { Store } from "./store/index.ts";
import type { TestSend, TestSends } from "./test-send.ts";

/** A tenant's endpoints. An id of another tenant is `not_found`, as an unknown one is. */
export type Endpoints<C extends AnyEvents> = {
  /**
   * Adds an endpoint. `secret` is shown here and by `rotateSecret` only: the receiver verifies with it.
   * Throws `invalid_url`, `blocked_address`, `invalid_events`, `unknown_event_type` and the like, with every field at fault
   * in `errors`; `too_many_endpoints`; `idempotency_mismatch`.
   */
  readonly create: (
    input: NewEndpoint<C>,
    options?: IdempotencyOptions,
  ) => Promise<{ readonly endpoint: Endpoint; readonly secret: string }>;
  readonly get: (id: string) => Promise<Endpoint>;
  /** Newest first. */
  readonly list: (options?: PageOptions) => Promise<Page<Endpoint>>;
  /**
   * Changes the fields given. `status: "disabled"` pauses, `"active"` resumes what is pending. Headers and metadata are
   * merged by name: `null` removes one, and instead of all removes all.
   */
  readonly update: (id: string, patch: EndpointPatch<C>) => Promise<Endpoint>;
  /** Removes the endpoint and cancels what is pending for it; what happened stays in the log. */
  readonly delete: (id: string) => Promise<void>;
  /**
   * Makes a new secret. The outgoing one signs beside it for `expireCurrentInSeconds` (0–86,400, default 3,600); 0 drops
   * all older ones at once, for a secret that leaked. At most 10 are in force: more is `too_many_secrets`.
   */
  readonly rotateSecret: (
    id: string,
    options?: IdempotencyOptions & { readonly expireCurrentInSeconds?: number | undefined },
  ) => Promise<{ readonly secret: string; readonly previousSecretExpiresAt: Date | null }>;
  /**
   * Sends a signed test message now, of the type `webhook.test` and with empty `data`, whatever the endpoint's `events` say,
   * and also to a disabled one. Resolves with its one attempt, whatever came of it: a 2xx sets `lastVerifiedAt`, and nothing
   * else is written. It counts neither towards disabling nor for the rate limit, and leaves no trace in the log.
   *
   * Throws `rate_limited` while another one to this endpoint is open in this process, or 4 of this tenant, or 16 in all; `stopped` when
   * `outhook.close()` ends it; `internal` when this process could not send; `environment_mismatch` on a copy of the store.
   */
  readonly test: (id: string) => Promise<TestSend>;
  /**
   * How endpoints have fared, one for each id in order. One that never had an attempt, that is unknown or another
   * tenant's, has the health of a new one. Costs one read for the ids that this object has shown before.
   */
  readonly health: (ids: readonly string[]) => Promise<readonly EndpointHealth[]>;
};

const maxSecrets = 10;
const defaultOverlapSeconds = 3_600;
const longestOverlapSeconds = 86_400;
/** Deliveries cancelled per store call: about 5 ms on SQLite. */
const cancelStep = 256;
const unpacedSentence = "the rate limit of a new endpoint will only be kept once a dispatcher has seen it";
/** Ids remembered as the tenant's, about 100 bytes each. */
const maxOwnIds = 1_000;

export function createEndpoints<C extends AnyEvents>(input: {
  readonly tenant: string;
  /** Where the tenant's rows can lie. */
  readonly partitions: readonly number[];
  readonly store: Store;
  readonly directory: Directory;
  readonly secretBox: SecretBox;
  /** Throws when nothing may be sealed here. */
  readonly checkKeys: () => Promise<void>;
  readonly rules: EndpointRules;
  readonly settings: Settings;
  readonly testSends: Pick<TestSends, "send">;
  readonly wake: () => void;
}): Endpoints<C> {
  const { tenant, partitions, store, directory, secretBox, checkKeys, rules, settings, testSends, wake } = input;
  const { clock, storeNow, logger } = settings;
  const { once } = createIdempotency({ tenant, secrets: store.secrets, secretBox, clock });
  /** An id belongs to one tenant for good, so that those shown before need no question to the store. */
  const ownIds = new Set<string>();

  const show = (endpoint: StoredEndpoint): Endpoint => {
    if (ownIds.size >= maxOwnIds) ownIds.clear();
    ownIds.add(endpoint.id);
    return shownEndpoint(endpoint, settings);
  };

  const find = async (id: string): Promise<StoredEndpoint> =>
    (isId(id) ? await store.endpoints.get({ tenant, id }) : null) ?? endpointNotFound(tenant, id);

  const isOwn = async (id: string): Promise<boolean> =>
    ownIds.has(id) || (isId(id) && (await store.endpoints.get({ tenant, id })) !== null);

  /** Read after the write, so that of two changes at once the hold of the later one stays. */
  const holdAsItIs = async (endpointId: string): Promise<void> => {
    const holdMs = (await find(endpointId)).status === "disabled" ? disabledHoldMs : 0;
    await store.deliveries.hold({ partitions, endpointId, holdMs, now: storeNow() });
    wake();
  };

  /** Read after the write for the same reason. */
  const paceAsItIs = async (endpointId: string): Promise<void> => {
    const { rateLimit } = await find(endpointId);
    await store.deliveries.pace({ partitions, endpointId, perSecond: paceOf(rateLimit, partitions.length) });
  };

  const forgetFailures = async (id: string): Promise<void> => {
    if ((await find(id)).status === "disabled") await store.deliveries.forgetFailures({ partitions, endpointId: id });
  };

  const sealed = (endpointId: string, secret: string): StoredSecret => {
    const secretId = newId("sec_");
    const place = { table: "secrets", tenant, endpointId, secretId } as const;
    return { id: secretId, sealed: secretBox.seal(secret, place), createdAt: clock.now(), expiresAt: null };
  };

  return {
    create: async (fields, options = {}) => {
      checkOptions("", fields ?? null, endpointFieldNames.create);
      checkOptions("", options, ["idempotencyKey"]);
      await checkKeys();
      return await once({
        scope: "endpoints.create",
        key: options.idempotencyKey,
        asked: fields,
        act: async (keep) => {
          const parsed = parseNewEndpoint(fields, rules);
          const { secret } = parsed.signing;
          const id = newId(settings.idPrefixes.endpoint);
          const record = newRecord({ id, tenant, parsed, now: clock.now() }, secretBox, settings);
          const result = { endpoint: show(record), secret };
          const outcome = await store.endpoints.insert({
            endpoint: record,
            secret: sealed(id, secret),
            limit: settings.endpointsPerTenant,
            answer: keep(result),
          });
          if (outcome === "answered") return outcome;
          if (outcome === "too_many") throw tooManyEndpoints(tenant, settings.endpointsPerTenant);
          directory.forget(tenant);
          // Once it is there its creation has not failed, whatever comes; dispatchers pass the limit on as well.
          if (record.rateLimit !== null)
            await paceAsItIs(id).catch((error: unknown) => logger.warn({ error }, unpacedSentence));
          return result;
        },
      });
    },

    get: async (id) => show(await find(id)),

    list: async (options) => {
      const { limit, after } = parsePageOptions(options);
      const { data, hasMore } = pageOf(await store.endpoints.list({ tenant, limit: limit + 1, after }), limit);
      return { data: data.map(show), hasMore };
    },

    update: async (id, patch) => {
      checkOptions("", patch ?? null, endpointFieldNames.update);
      const parsed = parseEndpointPatch(patch, rules);
      if (!isId(id)) return endpointNotFound(tenant, id);
      if (parsed.headers !== undefined) await checkKeys();
      // First, so that no failure of before counts when it is active again.
      if (parsed.status === "active") await forgetFailures(id);
      const now = clock.now();
      const before: { status?: EndpointStatus } = {};
      const endpoint = await store.endpoints.update({
        tenant,
        id,
        change: (current) => {
          before.status = current.status;
          return changedRecord(current, parsed, secretBox, now);
        },
      });
      if (endpoint === null) return endpointNotFound(tenant, id);
      directory.forget(tenant);
      if (endpoint.status !== before.status) await holdAsItIs(id);
      if (parsed.rateLimit !== undefined) await paceAsItIs(id);
      return show(endpoint);
    },

    delete: async (id) => {
      if (!isId(id) || !(await store.endpoints.delete({ tenant, id }))) return endpointNotFound(tenant, id);
      directory.forget(tenant);
      let cancelled = cancelStep;
      while (cancelled === cancelStep) {
        cancelled = await store.deliveries.cancel({ partitions, endpointId: id, limit: cancelStep, now: storeNow() });
      }
      return undefined;
    },

    rotateSecret: async (id, options = {}) => {
      checkOptions("", options, ["expireCurrentInSeconds", "idempotencyKey"]);
      if (!isId(id)) return endpointNotFound(tenant, id);
      await checkKeys();
      const { idempotencyKey, ...asked } = options;
      const { secret, expireCurrentAt } = await once<Rotation>({
        scope: `endpoints.rotateSecret:${id}`,
        key: idempotencyKey,
        asked,
        act: async (keep) => {
          const { expireCurrentInSeconds = defaultOverlapSeconds } = asked;
          const overlapSeconds = parseOverlap(expireCurrentInSeconds);
          const { signingVersion } = await find(id);
          const now = clock.now();
          const result = {
            secret: generateSecret(signingVersion),
            expireCurrentAt: overlapSeconds === 0 ? null : now + overlapSeconds * 1_000,
          };
          const outcome = await store.secrets.rotate({
            tenant,
            id,
            secret: sealed(id, result.secret),
            secretHint: secretHint(result.secret),
            publicKey: publicKeyOf(result.secret),
            expireCurrentAt: result.expireCurrentAt,
            limit: maxSecrets,
            now,
            answer: keep(result),
          });
          switch (outcome) {
            case "not_found":
              return endpointNotFound(tenant, id);
            case "too_many":
              throw tooManySecrets(id);
            case "answered":
              return outcome;
            case "rotated":
              directory.forget(tenant);
              return result;
          }
        },
      });
      return { secret, previousSecretExpiresAt: expireCurrentAt === null ? null : new Date(expireCurrentAt) };
    },

    test: async (id) => (isId(id) ? await testSends.send(tenant, id) : null) ?? endpointNotFound(tenant, id),

    health: async (ids) => {
      const own: string[] = [];
      for (const id of new Set(ids)) if (await isOwn(id)) own.push(id);
      const found = own.length === 0 ? [] : await store.log.health({ partitions, endpointIds: own });
      const byId = new Map(found.map((health) => [health.endpointId, health]));
      return ids.map((id) => byId.get(id) ?? newHealth(id));
    },
  };
}

/** What `rotateSecret` comes to, as JSON keeps it. */
type Rotation = { readonly secret: string; readonly expireCurrentAt: number | null };

function parseOverlap(seconds: unknown): number {
  if (typeof seconds === "number" && Number.isInteger(seconds) && seconds >= 0 && seconds <= longestOverlapSeconds) {
    return seconds;
  }
  const param = "expireCurrentInSeconds";
  throw new OuthookError(
    "invalid_secret",
    `${param} is ${shown(seconds)}; it must be a whole number from 0 (drop older secrets at once) to ${longestOverlapSeconds} (a day)`,
    { param },
  );
}

function tooManyEndpoints(tenant: string, limit: number): OuthookError {
  return new OuthookError(
    "too_many_endpoints",
    `there are ${limit} endpoints already, the most allowed; delete one first`,
    { hint: `the tenant is ${shown(tenant)}; limits.endpointsPerTenant raises the limit` },
  );
}

function tooManySecrets(id: string): OuthookError {
  return new OuthookError(
    "too_many_secrets",
    `there are ${maxSecrets} secrets in force already, the most allowed; wait until one expires, or drop the older ones at once`,
    { hint: `endpoint ${id}; expireCurrentInSeconds: 0 drops them` },
  );
}

function endpointNotFound(tenant: string, id: string): never {
  throw new OuthookError("not_found", `there is no endpoint ${shown(id)}`, {
    param: "id",
    hint: `looked in tenant ${shown(tenant)}`,
  });
}
