import type { DisabledReason, EndpointStatus, SigningVersion } from "../model.ts";
import type { EndpointDetails } from "./operations.ts";

/** An endpoint as the standard API shows it. Instants are ISO 8601 in UTC with milliseconds. */
export type EndpointView = {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly description: string | null;
  readonly status: EndpointStatus;
  readonly disabled_reason: DisabledReason | null;
  /** Names only: values are never shown. */
  readonly headers: readonly string[];
  readonly timeout_seconds: number;
  readonly max_retries: number | null;
  /** Requests a second. */
  readonly rate_limit: number | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly secret_hint: string;
  readonly signing_version: SigningVersion;
  /** `whpk_…` of a `v1a` endpoint. */
  readonly public_key: string | null;
  readonly consecutive_failures: number;
  readonly failing_since: string | null;
  readonly last_delivery_at: string | null;
  readonly last_success_at: string | null;
  readonly last_error: string | null;
  /** When a test message last got a 2xx from the present URL. */
  readonly last_verified_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
};

export function endpointView(endpoint: EndpointDetails): EndpointView {
  return {
    id: endpoint.id,
    url: endpoint.url,
    events: endpoint.events,
    description: endpoint.description,
    status: endpoint.status,
    disabled_reason: endpoint.disabledReason,
    headers: endpoint.headerNames,
    timeout_seconds: endpoint.timeoutSeconds,
    max_retries: endpoint.maxRetries,
    rate_limit: endpoint.rateLimit,
    metadata: endpoint.metadata,
    secret_hint: endpoint.secretHint,
    signing_version: endpoint.signingVersion,
    public_key: endpoint.publicKey,
    consecutive_failures: endpoint.consecutiveFailures,
    failing_since: instant(endpoint.failingSince),
    last_delivery_at: instant(endpoint.lastDeliveryAt),
    last_success_at: instant(endpoint.lastSuccessAt),
    last_error: endpoint.lastError,
    last_verified_at: instant(endpoint.lastVerifiedAt),
    created_at: isoInstant(endpoint.createdAt),
    updated_at: isoInstant(endpoint.updatedAt),
  };
}

/** Epoch milliseconds as ISO 8601 in UTC. */
export function isoInstant(at: number): string {
  return new Date(at).toISOString();
}

function instant(at: number | null): string | null {
  return at === null ? null : isoInstant(at);
}
