import { openHeaders, patchHeaders, sealHeaders } from "./custom-headers.ts";
import type { ParsedEndpoint, ParsedPatch } from "./endpoint-input.ts";
import { patchMetadata } from "./metadata.ts";
import type { DisabledReason, Endpoint, EndpointStatus, StoredEndpoint } from "./model.ts";
import { publicKeyOf, secretHint } from "./secret.ts";
import type { SecretBox } from "./secret-box.ts";
import type { Settings } from "./settings.ts";

const defaultTimeoutSeconds = 15;

/** What `create` stores. */
export function newRecord(
  input: { readonly id: string; readonly tenant: string; readonly parsed: ParsedEndpoint; readonly now: number },
  secretBox: SecretBox,
  { maxTimeoutSeconds }: Settings,
): StoredEndpoint {
  const { id, tenant, parsed, now } = input;
  const { version, secret } = parsed.signing;
  return {
    id,
    tenant,
    url: parsed.url,
    events: parsed.events ?? ["*"],
    description: parsed.description ?? null,
    ...statusFields(parsed.status ?? "active"),
    timeoutSeconds: parsed.timeoutSeconds ?? Math.min(defaultTimeoutSeconds, maxTimeoutSeconds),
    maxRetries: parsed.maxRetries ?? null,
    rateLimit: parsed.rateLimit ?? null,
    signingVersion: version,
    secretHint: secretHint(secret),
    publicKey: publicKeyOf(secret),
    metadata: patchMetadata({}, parsed.metadata ?? {}),
    ...sealHeaders(patchHeaders({}, parsed.headers ?? {}), { tenant, id }, secretBox),
    lastVerifiedAt: null,
    createdAt: now,
    updatedAt: now,
  };
}

/** What `update` makes of what is stored. Throws when the headers or the metadata would be too many. */
export function changedRecord(
  endpoint: StoredEndpoint,
  patch: ParsedPatch,
  secretBox: SecretBox,
  now: number,
): StoredEndpoint {
  const { headers, metadata, status, description, maxRetries, rateLimit, url = endpoint.url } = patch;
  return {
    ...endpoint,
    url,
    lastVerifiedAt: url === endpoint.url ? endpoint.lastVerifiedAt : null,
    events: patch.events ?? endpoint.events,
    description: description === undefined ? endpoint.description : description,
    ...(status !== undefined && status !== endpoint.status && statusFields(status)),
    timeoutSeconds: patch.timeoutSeconds ?? endpoint.timeoutSeconds,
    maxRetries: maxRetries === undefined ? endpoint.maxRetries : maxRetries,
    rateLimit: rateLimit === undefined ? endpoint.rateLimit : rateLimit,
    ...(metadata !== undefined && { metadata: patchMetadata(endpoint.metadata, metadata) }),
    ...(headers !== undefined && changedHeaders(endpoint, headers, secretBox)),
    updatedAt: now,
  };
}

/** An endpoint as its owner sees it: the values of its headers never, and no more retries than the schedule has. */
export function shownEndpoint(stored: StoredEndpoint, { scheduleSeconds }: Settings): Endpoint {
  const { sealedHeaders: _, ...endpoint } = stored;
  const { maxRetries } = endpoint;
  return { ...endpoint, maxRetries: maxRetries === null ? null : Math.min(maxRetries, scheduleSeconds.length) };
}

function changedHeaders(
  endpoint: StoredEndpoint,
  patch: NonNullable<ParsedPatch["headers"]> | null,
  secretBox: SecretBox,
): Pick<StoredEndpoint, "headerNames" | "sealedHeaders"> {
  // Without opening them, so that headers whose key was lost can be cleared.
  const current = patch === null ? {} : openHeaders(endpoint, secretBox);
  return sealHeaders(patchHeaders(current, patch), endpoint, secretBox);
}

function statusFields(status: EndpointStatus): {
  readonly status: EndpointStatus;
  readonly disabledReason: DisabledReason | null;
} {
  return { status, disabledReason: status === "disabled" ? "manual" : null };
}
