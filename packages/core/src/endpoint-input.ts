import type { ErrorCode } from "./errors.ts";
import { OuthookError } from "./errors.ts";
import type { AnyEvents, PatternOf } from "./events.ts";
import { parseEvents } from "./events.ts";
import type { EndpointStatus, SigningVersion } from "./model.ts";
import type { NetworkPolicy } from "./network.ts";
import { shown } from "./shown.ts";
import { parseSecret } from "./secret.ts";
import type { EndpointChanges } from "./store/endpoints.ts";

/** The fields of an endpoint that its owner sets; absent means the default, or unchanged. */
export type EndpointFields<C extends AnyEvents> = {
  /** Patterns; none means all (`*`). */
  readonly events?: readonly PatternOf<C>[] | undefined;
  /** A label for people, at most 500 characters. */
  readonly description?: string | null | undefined;
  /** Seconds one attempt may take: 3–60, default 15. */
  readonly timeoutSeconds?: number | undefined;
  /** Retries after the first attempt, 0–50; `null`, the default, means the whole schedule. */
  readonly maxRetries?: number | null | undefined;
  /** At most 50 keys of 40 characters, values of 500. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
};

/** What `endpoints.create` takes. */
export type NewEndpoint<C extends AnyEvents> = EndpointFields<C> & {
  /** Public HTTPS, unless `network` opens more; at most 2,048 characters. */
  readonly url: string;
  /** Default `v1` (HMAC-SHA256). `v1a` (ed25519) lets receivers verify with a public key. */
  readonly signingVersion?: SigningVersion | undefined;
  /** A secret to take over from elsewhere: `whsec_` with 24–64 bytes, or `whsk_` for `v1a`. Default: a new one. */
  readonly secret?: string | undefined;
};

/** What `endpoints.update` takes; absent means unchanged. */
export type EndpointPatch<C extends AnyEvents> = EndpointFields<C> & {
  readonly url?: string | undefined;
  /** `disabled` pauses: pending deliveries wait, new ones are skipped. `active` resumes. */
  readonly status?: EndpointStatus | undefined;
};

/** What the fields are checked against. */
export type EndpointRules = {
  readonly catalogue: AnyEvents | null;
  readonly policy: NetworkPolicy;
  readonly maxTimeoutSeconds: number;
};

/** The fields that both `create` and `update` take. */
export const endpointFieldNames: readonly string[] = [
  "url",
  "events",
  "description",
  "timeoutSeconds",
  "maxRetries",
  "metadata",
];

const maxDescriptionLength = 500;
const maxRetriesBound = 50;
const shortestTimeoutSeconds = 3;
const metadataBounds = { keys: 50, keyLength: 40, valueLength: 500 };

/** Checks the fields that are present. Throws naming the field; returns them in their stored form. */
export function parseEndpointFields<C extends AnyEvents>(
  fields: EndpointPatch<C>,
  rules: EndpointRules,
): EndpointChanges {
  return {
    ...(fields.url !== undefined && { url: rules.policy.checkUrl(fields.url, "url").href }),
    ...(fields.events !== undefined && { events: parseEvents(rules.catalogue, fields.events) }),
    ...(fields.description !== undefined && { description: parseDescription(fields.description) }),
    ...(fields.timeoutSeconds !== undefined && { timeoutSeconds: parseTimeout(fields.timeoutSeconds, rules) }),
    ...(fields.maxRetries !== undefined && { maxRetries: parseMaxRetries(fields.maxRetries) }),
    ...(fields.metadata !== undefined && { metadata: parseMetadata(fields.metadata) }),
    ...(fields.status !== undefined && { status: parseStatus(fields.status) }),
  };
}

/** Checks a secret that a host brings along against the endpoint's signing version. */
export function parseOwnSecret(secret: string, signingVersion: SigningVersion): string {
  const { version } = parseSecret(secret);
  if (version === signingVersion) return secret;
  throw refused(
    "invalid_secret",
    "secret",
    `signs ${version}, but signingVersion is ${signingVersion}: whsec_ belongs to v1, whsk_ to v1a`,
  );
}

/** Checks a signing version. */
export function parseSigningVersion(version: unknown): SigningVersion {
  if (version === "v1" || version === "v1a") return version;
  throw refused("invalid_secret", "signingVersion", `is ${shown(version)}; it is "v1" or "v1a"`);
}

function parseDescription(description: unknown): string | null {
  if (description === null) return null;
  if (typeof description === "string" && description.length <= maxDescriptionLength) return description;
  const received =
    typeof description === "string" ? `has ${description.length} characters` : `is ${shown(description)}`;
  throw refused(
    "invalid_description",
    "description",
    `${received}; it is text of at most ${maxDescriptionLength}, or null`,
  );
}

function parseTimeout(seconds: unknown, { maxTimeoutSeconds }: EndpointRules): number {
  const min = Math.min(shortestTimeoutSeconds, maxTimeoutSeconds);
  if (typeof seconds === "number" && Number.isInteger(seconds) && seconds >= min && seconds <= maxTimeoutSeconds) {
    return seconds;
  }
  throw refused(
    "invalid_timeout",
    "timeoutSeconds",
    `is ${shown(seconds)}; it must be a whole number of seconds from ${min} to ${maxTimeoutSeconds}`,
  );
}

function parseMaxRetries(retries: unknown): number | null {
  if (retries === null) return null;
  if (typeof retries === "number" && Number.isInteger(retries) && retries >= 0 && retries <= maxRetriesBound)
    return retries;
  throw refused(
    "invalid_max_retries",
    "maxRetries",
    `is ${shown(retries)}; it must be a whole number from 0 to ${maxRetriesBound}, or null for the whole schedule`,
  );
}

function parseMetadata(metadata: unknown): Readonly<Record<string, string>> {
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) {
    throw refused("invalid_metadata", "metadata", `is ${shown(metadata)}; it is an object of texts`);
  }
  const entries = Object.entries(metadata);
  const { keys, keyLength, valueLength } = metadataBounds;
  if (entries.length > keys)
    throw refused("invalid_metadata", "metadata", `has ${entries.length} keys; at most ${keys}`);
  return Object.fromEntries(
    entries.map(([key, value]: [string, unknown]) => {
      if (key.length === 0 || key.length > keyLength || key === "__proto__") {
        throw refused(
          "invalid_metadata",
          "metadata",
          `has the key ${shown(key)}; keys have 1 to ${keyLength} characters and are not __proto__`,
        );
      }
      if (typeof value === "string" && value.length <= valueLength) return [key, value] as const;
      const place = `metadata[${shown(key)}]`;
      throw refused(
        "invalid_metadata",
        place,
        `is ${shown(value)}; values are texts of at most ${valueLength} characters`,
      );
    }),
  );
}

function parseStatus(status: unknown): EndpointStatus {
  if (status === "active" || status === "disabled") return status;
  throw refused("invalid_body", "status", `is ${shown(status)}; it is "active" or "disabled"`);
}

function refused(code: ErrorCode, param: string, fault: string): OuthookError {
  return new OuthookError(code, `${param} ${fault}`, { param });
}
