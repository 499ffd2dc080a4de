import { checkAll } from "./check-all.ts";
import { parseHeaders } from "./custom-headers.ts";
import type { ErrorCode } from "./errors.ts";
import { OuthookError } from "./errors.ts";
import type { AnyEvents, PatternOf } from "./events.ts";
import { parseEvents } from "./events.ts";
import { parseMetadata } from "./metadata.ts";
import type { EndpointStatus, SigningVersion } from "./model.ts";
import type { NetworkPolicy } from "./network.ts";
import { shown } from "./shown.ts";
import { generateSecret, parseSecret } from "./secret.ts";
import type { TextMapPatch } from "./text-map.ts";

/** The fields of an endpoint that its owner sets; absent means the default, or unchanged. */
export type EndpointFields<C extends AnyEvents> = {
  /** Patterns; none means all (`*`). */
  readonly events?: readonly PatternOf<C>[] | undefined;
  /** A label for people, at most 500 characters. */
  readonly description?: string | null | undefined;
  /** `disabled` pauses: pending deliveries wait, new ones are skipped. `active`, the default, resumes. */
  readonly status?: EndpointStatus | undefined;
  /** Seconds one attempt may take: 3–60, default 15. */
  readonly timeoutSeconds?: number | undefined;
  /** Retries after the first attempt, 0–50; `null`, the default, means the whole schedule. It is shown cut to its length. */
  readonly maxRetries?: number | null | undefined;
  /** Most requests a second, 1–1,000, over all dispatchers; `null`, the default, for no limit. What a person redelivers is extra. */
  readonly rateLimit?: number | null | undefined;
};

/** What `endpoints.create` takes. */
export type NewEndpoint<C extends AnyEvents> = EndpointFields<C> & {
  /** Public HTTPS, unless `network` opens more; at most 2,048 characters. */
  readonly url: string;
  /**
   * Headers that every request carries beside ours, such as `authorization`: at most 20, values of 4,096 visible ASCII
   * characters. They are sealed like secrets, and only their names are ever shown. Those of the connection, of the body
   * and of the signature, cookies, and what opens the metadata services of clouds are refused.
   */
  readonly headers?: Readonly<Record<string, string>> | null | undefined;
  /** At most 50 keys of 40 characters, values of 500. */
  readonly metadata?: Readonly<Record<string, string>> | null | undefined;
  /** Default `v1` (HMAC-SHA256). `v1a` (ed25519) lets receivers verify with a public key. */
  readonly signingVersion?: SigningVersion | undefined;
  /** A secret to take over from elsewhere: `whsec_` with 24–64 bytes, or `whsk_` for `v1a`. Default: a new one. */
  readonly secret?: string | undefined;
};

/** What `endpoints.update` takes; absent means unchanged. */
export type EndpointPatch<C extends AnyEvents> = EndpointFields<C> & {
  readonly url?: string | undefined;
  /** Sets the headers named, removes those that are `null`, keeps the others; `null` for all removes all. */
  readonly headers?: TextMapPatch | undefined;
  /** Sets the keys named, removes those that are `null`, keeps the others; `null` for all removes all. */
  readonly metadata?: TextMapPatch | undefined;
};

/** What the fields are checked against. */
export type EndpointRules = {
  readonly catalogue: AnyEvents | null;
  readonly policy: NetworkPolicy;
  readonly maxTimeoutSeconds: number;
};

/** Checked fields; `undefined` where there is none. */
export type ParsedPatch = {
  readonly url: string | undefined;
  readonly events: readonly string[] | undefined;
  readonly description: string | null | undefined;
  readonly status: EndpointStatus | undefined;
  readonly timeoutSeconds: number | undefined;
  readonly maxRetries: number | null | undefined;
  readonly rateLimit: number | null | undefined;
  readonly headers: TextMapPatch | undefined;
  readonly metadata: TextMapPatch | undefined;
};

/** Checked fields of a new endpoint. */
export type ParsedEndpoint = ParsedPatch & {
  readonly url: string;
  readonly signing: { readonly version: SigningVersion; readonly secret: string };
};

const patchNames: readonly string[] = [
  "url",
  "events",
  "description",
  "status",
  "timeoutSeconds",
  "maxRetries",
  "rateLimit",
  "headers",
  "metadata",
];
/** The fields that `create` and `update` know. */
export const endpointFieldNames: { readonly create: readonly string[]; readonly update: readonly string[] } = {
  create: [...patchNames, "signingVersion", "secret"],
  update: patchNames,
};

const maxDescriptionLength = 500;
const maxRetriesBound = 50;
const maxRateLimit = 1_000;
const shortestTimeoutSeconds = 3;

/** Checks the fields of a new endpoint and makes its secret. Throws naming every field at fault. */
export function parseNewEndpoint<C extends AnyEvents>(fields: NewEndpoint<C>, rules: EndpointRules): ParsedEndpoint {
  return checkAll({
    ...patchChecks(fields, rules, { removal: false }),
    url: () => parseUrl(fields.url, rules),
    signing: () => parseSigning(fields.signingVersion, fields.secret),
  });
}

/** Checks the fields that are present. Throws naming every field at fault. */
export function parseEndpointPatch<C extends AnyEvents>(patch: EndpointPatch<C>, rules: EndpointRules): ParsedPatch {
  return checkAll(patchChecks(patch, rules, { removal: true }));
}

type PatchChecks = { readonly [Field in keyof ParsedPatch]: () => ParsedPatch[Field] };

function patchChecks<C extends AnyEvents>(
  fields: EndpointPatch<C>,
  rules: EndpointRules,
  options: { readonly removal: boolean },
): PatchChecks {
  return {
    url: () => whenGiven(fields.url, (url) => parseUrl(url, rules)),
    events: () => whenGiven(fields.events, (events) => parseEvents(rules.catalogue, events)),
    description: () => whenGiven(fields.description, parseDescription),
    status: () => whenGiven(fields.status, parseStatus),
    timeoutSeconds: () => whenGiven(fields.timeoutSeconds, (seconds) => parseTimeout(seconds, rules)),
    maxRetries: () => whenGiven(fields.maxRetries, parseMaxRetries),
    rateLimit: () => whenGiven(fields.rateLimit, parseRateLimit),
    headers: () => whenGiven(fields.headers, (headers) => parseHeaders(headers, options)),
    metadata: () => whenGiven(fields.metadata, (metadata) => parseMetadata(metadata, options)),
  };
}

function whenGiven<Parsed>(value: unknown, parse: (value: unknown) => Parsed): Parsed | undefined {
  return value === undefined ? undefined : parse(value);
}

function parseUrl(url: unknown, { policy }: EndpointRules): string {
  if (url === undefined) throw refused("invalid_url", "url", 'is missing; pass { url: "https://…" }');
  return policy.checkUrl(url, "url").href;
}

/** A secret that a host brings along must be of the endpoint's signing version. */
function parseSigning(version: unknown = "v1", secret?: string): ParsedEndpoint["signing"] {
  if (version !== "v1" && version !== "v1a") {
    throw refused("invalid_secret", "signingVersion", `is ${shown(version)}; it is "v1" or "v1a"`);
  }
  if (secret === undefined) return { version, secret: generateSecret(version) };
  const { version: own } = parseSecret(secret);
  if (own === version) return { version, secret };
  throw refused(
    "invalid_secret",
    "secret",
    `signs ${own}, but signingVersion is ${version}: whsec_ belongs to v1, whsk_ to v1a`,
  );
}

function parseDescription(description: unknown): string | null {
  if (description === null) return null;
  const rule = `it is text of at most ${maxDescriptionLength} characters, or null`;
  if (typeof description !== "string") {
    throw refused("invalid_description", "description", `is ${shown(description)}; ${rule}`);
  }
  if (description.length > maxDescriptionLength) {
    throw refused("invalid_description", "description", `has ${description.length} characters; ${rule}`);
  }
  const [character] = /[\p{Cs}]|(?![\t\n\r])\p{Cc}/u.exec(description) ?? [];
  if (character === undefined) return description;
  throw refused(
    "invalid_description",
    "description",
    `holds ${shown(character)}, a control character or half of a surrogate pair; remove it`,
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

function parseRateLimit(limit: unknown): number | null {
  if (limit === null) return null;
  if (typeof limit === "number" && Number.isInteger(limit) && limit >= 1 && limit <= maxRateLimit) return limit;
  throw refused(
    "invalid_rate_limit",
    "rateLimit",
    `is ${shown(limit)}; it must be a whole number of requests a second from 1 to ${maxRateLimit}, or null for no limit`,
  );
}

function parseStatus(status: unknown): EndpointStatus {
  if (status === "active" || status === "disabled") return status;
  throw refused("invalid_body", "status", `is ${shown(status)}; it is "active" or "disabled"`);
}

function refused(code: ErrorCode, param: string, fault: string): OuthookError {
  return new OuthookError(code, `${param} ${fault}`, { param });
}
