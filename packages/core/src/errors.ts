/** Every code an {@link OuthookError} can carry. The HTTP API answers with the same codes. */
export type ErrorCode =
  | "malformed_body"
  | "invalid_body"
  | "unsupported_media_type"
  | "body_too_large"
  | "unauthenticated"
  | "forbidden"
  | "not_found"
  | "method_not_allowed"
  | "invalid_url"
  | "blocked_address"
  | "invalid_events"
  | "unknown_event_type"
  | "invalid_description"
  | "invalid_headers"
  | "invalid_metadata"
  | "invalid_timeout"
  | "invalid_max_retries"
  | "invalid_rate_limit"
  | "invalid_secret"
  | "invalid_cursor"
  | "invalid_limit"
  | "invalid_event_type"
  | "invalid_payload"
  | "payload_too_large"
  | "invalid_tenant"
  | "too_many_endpoints"
  | "too_many_secrets"
  | "idempotency_key_invalid"
  | "idempotency_mismatch"
  | "idempotency_in_flight"
  | "delivery_in_flight"
  | "endpoint_deleted"
  | "rate_limited"
  | "unsupported_transaction"
  | "store_busy"
  | "store_unavailable"
  | "schema_pending"
  | "schema_newer"
  | "environment_mismatch"
  | "unknown_secret_key"
  | "backpressure"
  | "invalid_options"
  | "stopped"
  | "internal";

/** One problem inside a value, named by its place. */
export type ErrorDetail = {
  /** Path of the offending value, such as `events[2]` or `data.amount`. */
  readonly param: string;
  readonly detail: string;
  /** May be absent where it is the code of the whole error. */
  readonly code?: ErrorCode | undefined;
};

/**
 * The one error class of Outhook.
 *
 * `code` is for programs, from a closed list; `message` is for people and names the place of the value and the fix.
 *
 * @example
 * try { await acme.send("loan.active", data); }
 * catch (error) { if (isOuthookError(error) && error.code === "payload_too_large") … }
 */
export class OuthookError extends Error {
  override readonly name = "OuthookError";
  readonly code: ErrorCode;
  /** The message without what only the operator can do about it: what callers of the HTTP API get to read. */
  readonly detail: string;
  /** What only the operator can do about it. */
  readonly hint: string | null;
  /** The offending argument or field, when one value is to blame; of several the first. */
  readonly param: string | null;
  /**
   * Where the fields of an endpoint or a payload were checked: every fault, also a single one. `code`, `detail` and `param`
   * of the error itself are then those of the first. Else empty.
   */
  readonly errors: readonly ErrorDetail[];

  constructor(
    code: ErrorCode,
    detail: string,
    options: {
      /** Ends the message. */
      readonly hint?: string | undefined;
      readonly param?: string | undefined;
      readonly errors?: readonly ErrorDetail[] | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    const message = options.hint === undefined ? detail : `${detail}; ${options.hint}`;
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.detail = detail;
    this.hint = options.hint ?? null;
    this.param = options.param ?? options.errors?.[0]?.param ?? null;
    this.errors = options.errors ?? [];
  }
}

/** True for an {@link OuthookError}, also one made by a second copy of this package. */
export function isOuthookError(error: unknown): error is OuthookError {
  return error instanceof Error && error.name === "OuthookError" && "code" in error;
}
