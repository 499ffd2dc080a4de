import { checkOptions } from "./check-options.ts";
import type { Directory } from "./directory.ts";
import { disabledHoldMs } from "./deliver.ts";
import type { EndpointPatch, EndpointRules, NewEndpoint } from "./endpoint-input.ts";
import { endpointFieldNames, parseEndpointFields, parseOwnSecret, parseSigningVersion } from "./endpoint-input.ts";
import { OuthookError } from "./errors.ts";
import type { AnyEvents } from "./events.ts";
import { isId, newId } from "./id.ts";
import type { Endpoint } from "./model.ts";
import type { Settings } from "./settings.ts";
import type { Page, PageOptions } from "./page.ts";
import { pageOf, parsePageOptions } from "./page.ts";
import { partitionsOf } from "./partition.ts";
import { shown } from "./shown.ts";
import { generateSecret, publicKeyOf, secretHint } from "./secret.ts";
import type { SecretBox } from "./secret-box.ts";
import type { Store } from "./store/index.ts";

/** A tenant's endpoints. An id of another tenant is `not_found`, as an unknown one is. */
export type Endpoints<C extends AnyEvents> = {
  /**
   * Adds an endpoint. `secret` is shown here and by `rotateSecret` only: the receiver verifies with it.
   * Throws `invalid_url`, `blocked_address`, `invalid_events`, `unknown_event_type`, `too_many_endpoints` and the like.
   */
  readonly create: (input: NewEndpoint<C>) => Promise<{ readonly endpoint: Endpoint; readonly secret: string }>;
  readonly get: (id: string) => Promise<Endpoint>;
  /** Newest first. */
  readonly list: (options?: PageOptions) => Promise<Page<Endpoint>>;
  /** Changes the fields given. `status: "disabled"` pauses, `"active"` resumes what is pending. */
  readonly update: (id: string, patch: EndpointPatch<C>) => Promise<Endpoint>;
  /** Removes the endpoint and cancels what is pending for it; what happened stays in the log. */
  readonly delete: (id: string) => Promise<void>;
  /**
   * Makes a new secret. The outgoing one signs beside it for `expireCurrentInSeconds` (0–86,400, default 3,600); 0 drops
   * all older ones at once, for a secret that leaked. At most 10 are in force: more is `too_many_secrets`.
   */
  readonly rotateSecret: (
    id: string,
    options?: { readonly expireCurrentInSeconds?: number | undefined },
  ) => Promise<{ readonly secret: string; readonly previousSecretExpiresAt: Date | null }>;
};

const maxSecrets = 10;
const defaultOverlapSeconds = 3_600;
const longestOverlapSeconds = 86_400;
const defaultTimeoutSeconds = 15;
/** Deliveries cancelled per store call: about 5 ms on SQLite. */
const cancelStep = 256;

export function createEndpoints<C extends AnyEvents>(input: {
  readonly tenant: string;
  readonly store: Store;
  readonly directory: Directory;
  readonly secretBox: SecretBox;
  readonly rules: EndpointRules;
  readonly settings: Settings;
  readonly wake: () => void;
}): Endpoints<C> {
  const { tenant, store, directory, secretBox, rules, settings, wake } = input;
  const { clock, storeNow, layout } = settings;
  const partitions = partitionsOf(tenant, layout);

  const get = async (id: string): Promise<Endpoint> =>
    (isId(id) ? await store.endpoints.get({ tenant, id }) : null) ?? endpointNotFound(tenant, id);

  /** Read after the write, so that of two changes at once the hold of the later one stays. */
  const holdAsItIs = async (endpointId: string): Promise<void> => {
    const holdMs = (await get(endpointId)).status === "disabled" ? disabledHoldMs : 0;
    await store.deliveries.hold({ partitions, endpointId, holdMs, now: storeNow() });
    wake();
  };

  const newSecret = (endpointId: string, secret: string) => {
    const secretId = newId("sec_");
    const sealed = secretBox.seal(secret, { tenant, endpointId, secretId });
    return { id: secretId, sealed, createdAt: clock.now(), expiresAt: null };
  };

  return {
    create: async (fields) => {
      checkOptions("", fields ?? null, [...endpointFieldNames, "signingVersion", "secret"]);
      const signingVersion = parseSigningVersion(fields.signingVersion ?? "v1");
      if (fields.url === undefined) {
        throw new OuthookError("invalid_url", 'url is missing; pass { url: "https://…" }', { param: "url" });
      }
      const parsed = parseEndpointFields(fields, rules);
      const secret =
        fields.secret === undefined ? generateSecret(signingVersion) : parseOwnSecret(fields.secret, signingVersion);
      const id = newId(settings.idPrefixes.endpoint);
      const now = clock.now();
      const endpoint: Endpoint = {
        id,
        tenant,
        url: parsed.url ?? "",
        events: parsed.events ?? ["*"],
        description: parsed.description ?? null,
        status: "active",
        disabledReason: null,
        timeoutSeconds: parsed.timeoutSeconds ?? Math.min(defaultTimeoutSeconds, rules.maxTimeoutSeconds),
        maxRetries: parsed.maxRetries ?? null,
        signingVersion,
        secretHint: secretHint(secret),
        publicKey: publicKeyOf(secret),
        metadata: parsed.metadata ?? {},
        createdAt: now,
        updatedAt: now,
      };
      const limit = settings.endpointsPerTenant;
      const outcome = await store.endpoints.insert({ endpoint, secret: newSecret(id, secret), limit });
      if (outcome === "too_many") {
        throw new OuthookError(
          "too_many_endpoints",
          `tenant ${shown(tenant)} has ${limit} endpoints already; delete one, or raise limits.endpointsPerTenant`,
        );
      }
      directory.forget(tenant);
      return { endpoint, secret };
    },

    get,

    list: async (options) => {
      const { limit, after } = parsePageOptions(options);
      return pageOf(await store.endpoints.list({ tenant, limit: limit + 1, after }), limit);
    },

    update: async (id, patch) => {
      checkOptions("", patch ?? null, [...endpointFieldNames, "status"]);
      const changes = parseEndpointFields(patch, rules);
      const before = await get(id);
      const disabledReason = changes.status === "disabled" ? "manual" : null;
      const endpoint = await store.endpoints.update({
        tenant,
        id,
        changes: changes.status === undefined ? changes : { ...changes, disabledReason },
        now: clock.now(),
      });
      if (endpoint === null) return endpointNotFound(tenant, id);
      directory.forget(tenant);
      if (changes.status !== undefined && changes.status !== before.status) await holdAsItIs(id);
      return endpoint;
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
      checkOptions("", options, ["expireCurrentInSeconds"]);
      const overlapSeconds = parseOverlap(options.expireCurrentInSeconds ?? defaultOverlapSeconds);
      const { signingVersion } = await get(id);
      const secret = generateSecret(signingVersion);
      const now = clock.now();
      const expireCurrentAt = overlapSeconds === 0 ? null : now + overlapSeconds * 1_000;
      const outcome = await store.endpoints.rotateSecret({
        tenant,
        id,
        secret: newSecret(id, secret),
        secretHint: secretHint(secret),
        publicKey: publicKeyOf(secret),
        expireCurrentAt,
        limit: maxSecrets,
        now,
      });
      switch (outcome) {
        case "not_found":
          return endpointNotFound(tenant, id);
        case "too_many":
          throw new OuthookError(
            "too_many_secrets",
            `endpoint ${id} has ${maxSecrets} secrets in force; wait until one expires, or rotate with expireCurrentInSeconds: 0`,
          );
        case "rotated":
          directory.forget(tenant);
          return { secret, previousSecretExpiresAt: expireCurrentAt === null ? null : new Date(expireCurrentAt) };
      }
    },
  };
}

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

function endpointNotFound(tenant: string, id: string): never {
  throw new OuthookError("not_found", `tenant ${shown(tenant)} has no endpoint ${shown(id)}`, { param: "id" });
}
