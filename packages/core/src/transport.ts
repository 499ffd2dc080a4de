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

/**
 * Sends one request. Never follows a redirect, and never repeats what a receiver may have seen on a connection of its own.
 *
 * Called concurrently, as often as a dispatcher has requests open.
 */
export type Transport = {
  /**
   * Resolves at `timeoutMs` at the latest: a `response` once there is a status line, else an `error`; `local` for what this process
   * or its own proxy could not do. Never rejects: a rejected attempt is neither recorded nor charged, and made again every second.
   * What ran out of time is dropped with its connection.
   */
  readonly send: (request: TransportRequest) => Promise<Outcome>;
  /** Drops all connections and ends open requests, which resolve to anything but a `response`. `send` works again after it. */
  readonly close: () => Promise<void>;
};
