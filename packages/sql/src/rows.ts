import type {
  Attempt,
  Delivery,
  EndpointHealth,
  Message,
  StoredAnswer,
  StoredEndpoint,
  StoredSecret,
} from "@outhook/core";
import { keyIdOf } from "@outhook/core/for-stores";
import type {
  AnswerTable,
  AttemptTable,
  DeliveryTable,
  EndpointTable,
  HealthTable,
  MessageTable,
  SecretTable,
} from "./database.ts";

/** The columns of a {@link Message}. */
export type MessageRow = Omit<MessageTable, "fanned_out" | "idempotency_key" | "payload_hash">;

/** The columns of a {@link Delivery}. */
export type DeliveryRow = Omit<DeliveryTable, "partition" | "lane" | "leased_at" | "fence" | "scheduled_attempts">;

/** The columns of an {@link Attempt}. */
export type AttemptRow = Omit<AttemptTable, "partition">;

export const endpointColumns: readonly (keyof EndpointTable)[] = [
  "tenant",
  "id",
  "url",
  "events",
  "description",
  "status",
  "disabled_reason",
  "timeout_seconds",
  "max_retries",
  "rate_limit",
  "signing_version",
  "secret_hint",
  "public_key",
  "metadata",
  "header_names",
  "sealed_headers",
  "headers_key_id",
  "last_verified_at",
  "created_at",
  "updated_at",
];

export const secretColumns: readonly (keyof SecretTable)[] = [
  "tenant",
  "endpoint_id",
  "id",
  "sealed",
  "key_id",
  "created_at",
  "expires_at",
];

export const answerColumns: readonly (keyof AnswerTable)[] = [
  "tenant",
  "scope",
  "key",
  "fingerprint",
  "sealed",
  "key_id",
  "created_at",
  "expires_at",
];

export const messageColumns: readonly (keyof MessageRow)[] = [
  "id",
  "partition",
  "tenant",
  "type",
  "body",
  "created_at",
];

export const deliveryColumns: readonly (keyof DeliveryRow)[] = [
  "id",
  "tenant",
  "message_id",
  "endpoint_id",
  "type",
  "status",
  "attempts",
  "due_at",
  "created_at",
  "updated_at",
];

export const attemptColumns: readonly (keyof AttemptRow)[] = [
  "delivery_id",
  "number",
  "started_at",
  "duration_ms",
  "status_code",
  "error_class",
  "error",
  "signature",
  "response_body",
];

export const healthColumns: readonly (keyof HealthTable)[] = [
  "endpoint_id",
  "consecutive_failures",
  "exhausted_in_row",
  "failing_since",
  "last_delivery_at",
  "last_success_at",
  "last_error",
];

export function toEndpoint(row: EndpointTable): StoredEndpoint {
  return {
    id: row.id,
    tenant: row.tenant,
    url: row.url,
    events: JSON.parse(row.events),
    description: row.description,
    status: row.status,
    disabledReason: row.disabled_reason,
    timeoutSeconds: row.timeout_seconds,
    maxRetries: row.max_retries,
    rateLimit: row.rate_limit,
    signingVersion: row.signing_version,
    secretHint: row.secret_hint,
    publicKey: row.public_key,
    metadata: JSON.parse(row.metadata),
    headerNames: JSON.parse(row.header_names),
    sealedHeaders: row.sealed_headers,
    lastVerifiedAt: row.last_verified_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export function fromEndpoint(endpoint: StoredEndpoint): EndpointTable {
  return {
    tenant: endpoint.tenant,
    id: endpoint.id,
    url: endpoint.url,
    events: JSON.stringify(endpoint.events),
    description: endpoint.description,
    status: endpoint.status,
    disabled_reason: endpoint.disabledReason,
    timeout_seconds: endpoint.timeoutSeconds,
    max_retries: endpoint.maxRetries,
    rate_limit: endpoint.rateLimit,
    signing_version: endpoint.signingVersion,
    secret_hint: endpoint.secretHint,
    public_key: endpoint.publicKey,
    metadata: JSON.stringify(endpoint.metadata),
    header_names: JSON.stringify(endpoint.headerNames),
    sealed_headers: endpoint.sealedHeaders,
    headers_key_id: endpoint.sealedHeaders === null ? null : keyIdOf(endpoint.sealedHeaders),
    last_verified_at: endpoint.lastVerifiedAt,
    created_at: endpoint.createdAt,
    updated_at: endpoint.updatedAt,
  };
}

export function toSecret(row: SecretTable): StoredSecret {
  return { id: row.id, sealed: row.sealed, createdAt: row.created_at, expiresAt: row.expires_at };
}

export function fromSecret(secret: StoredSecret, of: { readonly tenant: string; readonly id: string }): SecretTable {
  return {
    tenant: of.tenant,
    endpoint_id: of.id,
    id: secret.id,
    sealed: secret.sealed,
    key_id: keyIdOf(secret.sealed),
    created_at: secret.createdAt,
    expires_at: secret.expiresAt,
  };
}

export function toAnswer(row: AnswerTable): StoredAnswer {
  return {
    tenant: row.tenant,
    scope: row.scope,
    key: row.key,
    fingerprint: row.fingerprint,
    sealed: row.sealed,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

export function fromAnswer(answer: StoredAnswer): AnswerTable {
  return {
    tenant: answer.tenant,
    scope: answer.scope,
    key: answer.key,
    fingerprint: answer.fingerprint,
    sealed: answer.sealed,
    key_id: keyIdOf(answer.sealed),
    created_at: answer.createdAt,
    expires_at: answer.expiresAt,
  };
}

export function toMessage(row: MessageRow): Message {
  return {
    id: row.id,
    partition: row.partition,
    tenant: row.tenant,
    type: row.type,
    body: row.body,
    createdAt: row.created_at,
  };
}

export function toDelivery(row: DeliveryRow): Delivery {
  return {
    id: row.id,
    tenant: row.tenant,
    messageId: row.message_id,
    endpointId: row.endpoint_id,
    type: row.type,
    status: row.status,
    attempts: row.attempts,
    nextAttemptAt: row.due_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export function toAttempt(row: AttemptRow): Attempt {
  return {
    deliveryId: row.delivery_id,
    number: row.number,
    startedAt: row.started_at,
    durationMs: row.duration_ms,
    statusCode: row.status_code,
    errorClass: row.error_class,
    error: row.error,
    signature: row.signature,
    responseBody: row.response_body,
  };
}

export function toHealth(row: HealthTable): EndpointHealth {
  return {
    endpointId: row.endpoint_id,
    consecutiveFailures: row.consecutive_failures,
    exhaustedInRow: row.exhausted_in_row,
    failingSince: row.failing_since,
    lastDeliveryAt: row.last_delivery_at,
    lastSuccessAt: row.last_success_at,
    lastError: row.last_error,
  };
}

export function fromHealth(health: EndpointHealth): HealthTable {
  return {
    endpoint_id: health.endpointId,
    consecutive_failures: health.consecutiveFailures,
    exhausted_in_row: health.exhaustedInRow,
    failing_since: health.failingSince,
    last_delivery_at: health.lastDeliveryAt,
    last_success_at: health.lastSuccessAt,
    last_error: health.lastError,
  };
}
