import type { AnyEvents, Outhook } from "@outhook/core";
import type { Principal, RateLimitResult } from "@outhook/core/http";
import { AssertionError } from "node:assert";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";

/** What a mount is to serve. */
export type HttpHost = {
  readonly outhook: Outhook<AnyEvents, never>;
  /** Says who calls, from the text of the request's `authorization` header. To be wrapped for the framework's own request. */
  readonly authenticate: (authorization: string | undefined) => Principal | null | Promise<Principal | null>;
  /** To be passed on as it is. `undefined` in most cases. */
  readonly rateLimit: ((principal: Principal) => RateLimitResult | Promise<RateLimitResult>) | undefined;
};

/** A server with the management API on it. */
export type RunningMount = {
  /** Of the mount, without a slash at its end: `http://127.0.0.1:41234/api/webhooks`. */
  readonly url: string;
  readonly close: () => Promise<void>;
};

/** A way to mount the management API in a server. */
export type HttpMount = {
  /** Starts a real server for one case. */
  readonly start: (host: HttpHost) => Promise<RunningMount>;
  /**
   * `host`: a parser of the host reads bodies first, so that what it refuses is refused in the host's words; the cases then
   * only ask for a 4xx and that nothing was written. Default `raw`.
   */
  readonly bodies?: "raw" | "host" | undefined;
};

/**
 * Starts a server of `node:http` on a free port of 127.0.0.1. `path` is where the listener has mounted the API.
 *
 * @example
 * const mount: HttpMount = {
 *   start: ({ outhook, authenticate, rateLimit }) =>
 *     startServer(createListener(outhook, { authenticate: ({ headers }) => authenticate(headers.authorization), rateLimit })),
 * };
 */
export async function startServer(
  listener: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
  path = "",
): Promise<RunningMount> {
  const server = createServer((request, response) => void listener(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new AssertionError({ message: "the server has no port" });
  return {
    url: `http://127.0.0.1:${address.port}${path}`,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
