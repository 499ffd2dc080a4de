import type { ErrorClass } from "./model.ts";

/** One POST of a message to an endpoint. */
export type TransportRequest = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** UTF-8. */
  readonly body: Uint8Array;
  /** Bound of the whole exchange, DNS to last byte. */
  readonly timeoutMs: number;
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

/** Sends one request. Never follows a redirect, never retries, never rejects for anything the network did. */
export type Transport = {
  readonly send: (request: TransportRequest) => Promise<Outcome>;
  /** Drops all connections. */
  readonly close: () => Promise<void>;
};
