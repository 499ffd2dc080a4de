/**
 * The words of the domain as types. Nothing here runs.
 *
 * Instants are epoch milliseconds (`…At`), durations milliseconds (`…Ms`), unless the name says otherwise.
 */

/** Whether an endpoint gets requests. Why it does not stands in `disabledReason`. */
export type EndpointStatus = "active" | "disabled";

/** `manual`: a person did it · `failing`: too many failures in a row · `gone`: the receiver answered 410. */
export type DisabledReason = "manual" | "failing" | "gone";

/** Standard Webhooks signature scheme: `v1` is HMAC-SHA256, `v1a` is ed25519. */
export type SigningVersion = "v1" | "v1a";

/** `skipped`: the endpoint was disabled at fan-out · `cancelled`: the endpoint was deleted. */
export type DeliveryStatus = "pending" | "succeeded" | "failed" | "skipped" | "cancelled";

/** `scheduled` deliveries wait behind holds; `manual` ones, asked for by a person, do not. */
export type Lane = "scheduled" | "manual";

/** A tenant's URL with the patterns it wants and how to reach it. */
export type Endpoint = {
  readonly id: string;
  readonly tenant: string;
  readonly url: string;
  /** Patterns: `loan.active`, `loan.*` or `*`. Never empty. */
  readonly events: readonly string[];
  readonly description: string | null;
  readonly status: EndpointStatus;
  readonly disabledReason: DisabledReason | null;
  /** Seconds one attempt may take, DNS to last byte: 3–60. */
  readonly timeoutSeconds: number;
  /** Retries after the first attempt; `null` means the whole schedule. */
  readonly maxRetries: number | null;
  /** Most requests a second, 1–1,000; `null` for no limit. */
  readonly rateLimit: number | null;
  readonly signingVersion: SigningVersion;
  /** `whsec_…` and the last four characters of the current secret. */
  readonly secretHint: string;
  /** `whpk_…` of the current secret of a `v1a` endpoint, else `null`. */
  readonly publicKey: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  /** Names of the custom headers that every request carries, in lower case; their values are never shown. */
  readonly headerNames: readonly string[];
  /** When a test message last got a 2xx from its present URL; `null` when none has. */
  readonly lastVerifiedAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
};

/** An endpoint as a store keeps it: `sealedHeaders` is opaque to the store, and `null` without custom headers. */
export type StoredEndpoint = Endpoint & { readonly sealedHeaders: string | null };

/** One signing secret as a store keeps it: `sealed` is opaque to the store. */
export type StoredSecret = {
  readonly id: string;
  /** What the secret box made of the secret: encrypted, or the plain text if the host chose so in words. */
  readonly sealed: string;
  readonly createdAt: number;
  /** When it stops signing; `null` for the current one. */
  readonly expiresAt: number | null;
};

/**
 * What a request under an idempotency key was answered, so that the same request gets the same answer again.
 *
 * It is named by tenant, scope and key.
 */
export type StoredAnswer = {
  readonly tenant: string;
  /** Which operation, such as `endpoints.create`. */
  readonly scope: string;
  readonly key: string;
  /** A hash of what was asked; another one under the same key is a mismatch. */
  readonly fingerprint: string;
  /** The answer, opaque to the store. */
  readonly sealed: string;
  readonly createdAt: number;
  /** From then on it counts as absent. */
  readonly expiresAt: number;
};

/** How an endpoint has fared, kept beside its deliveries and written once per settled batch. */
export type EndpointHealth = {
  readonly endpointId: string;
  /** Failed attempts since the last success. */
  readonly consecutiveFailures: number;
  /** Messages in a row whose whole schedule ended in `failed`, since the last success. */
  readonly exhaustedInRow: number;
  readonly failingSince: number | null;
  readonly lastDeliveryAt: number | null;
  readonly lastSuccessAt: number | null;
  readonly lastError: string | null;
};

/** One recorded occurrence. Its id is the `webhook-id` of every request it causes. */
export type Message = {
  readonly id: string;
  readonly partition: number;
  readonly tenant: string;
  readonly type: string;
  /** The exact text that is signed and sent. */
  readonly body: string;
  readonly createdAt: number;
};

/** One message × one endpoint. */
export type Delivery = {
  readonly id: string;
  readonly tenant: string;
  readonly messageId: string;
  readonly endpointId: string;
  readonly type: string;
  readonly status: DeliveryStatus;
  /** Attempts made so far, lost ones included. */
  readonly attempts: number;
  /** When the next attempt is due; `null` unless pending. */
  readonly nextAttemptAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
};

/**
 * Why no HTTP status arrived.
 * `lost` means that the dispatcher died with the request open, so that nobody knows what the receiver saw.
 */
export type ErrorClass =
  | "timeout"
  | "dns"
  | "connection_refused"
  | "connection_reset"
  | "tls"
  | "blocked_address"
  | "invalid_url"
  | "invalid_response"
  | "network"
  | "lost";

/** One HTTP request of a delivery. Append-only. */
export type Attempt = {
  readonly deliveryId: string;
  /** 1 for the first. */
  readonly number: number;
  readonly startedAt: number;
  readonly durationMs: number;
  /** The HTTP status, or `null` when none arrived. */
  readonly statusCode: number | null;
  /** `null` when a status arrived. */
  readonly errorClass: ErrorClass | null;
  /** A sentence for people; `null` when a status arrived. */
  readonly error: string | null;
  /** The `webhook-signature` that was sent; `null` for a lost attempt. */
  readonly signature: string | null;
  /** At most 16 KiB of the response, as text. */
  readonly responseBody: string | null;
};

/**
 * What an attempt saw.
 *
 * - `response`: a status line arrived; it decides, whatever happens to the body after it.
 * - `error`: none arrived, and the receiver's side is to blame, or nobody knows.
 * - `local`: this process could not even try (no descriptors, no memory); such an attempt is not counted.
 */
export type Outcome =
  | {
      readonly kind: "response";
      readonly statusCode: number;
      /** The `Retry-After` header as received. */
      readonly retryAfter: string | null;
      /** At most 16 KiB, as text. */
      readonly body: string;
    }
  | { readonly kind: "error"; readonly errorClass: ErrorClass; readonly message: string }
  | { readonly kind: "local"; readonly message: string };
