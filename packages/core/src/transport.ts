import type { Outcome } from "./model.ts";

/** One POST of a message to an endpoint. */
export type TransportRequest = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** UTF-8. */
  readonly body: Uint8Array;
  /** Bound of the whole exchange, DNS to last byte. */
  readonly timeoutMs: number;
};

/** Sends one request. Never follows a redirect, never retries, never rejects for anything the network did. */
export type Transport = {
  readonly send: (request: TransportRequest) => Promise<Outcome>;
  /** Drops all connections. */
  readonly close: () => Promise<void>;
};
