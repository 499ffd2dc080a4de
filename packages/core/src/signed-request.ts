import type { KnownEndpoint } from "./directory.ts";
import type { Settings } from "./settings.ts";
import type { TransportRequest } from "./transport.ts";

/**
 * The request that brings a message to an endpoint, signed at that instant with every secret in force then, and its signature.
 * Throws when a secret or the custom headers cannot be opened.
 */
export function signedRequest(
  known: KnownEndpoint,
  message: { readonly id: string; readonly body: string },
  at: number,
  settings: Settings,
): { readonly request: TransportRequest; readonly signature: string } {
  const timestampSeconds = Math.floor(at / 1_000);
  const body = Buffer.from(message.body);
  const signature = known.signerAt(at)(message.id, timestampSeconds, body);
  const request: TransportRequest = {
    url: known.endpoint.url,
    headers: {
      ...known.headers(),
      // Last, so that they win.
      "content-type": "application/json",
      "user-agent": settings.userAgent,
      "webhook-id": message.id,
      "webhook-timestamp": String(timestampSeconds),
      "webhook-signature": signature,
    },
    body,
    timeoutMs: timeoutMsOf(known, settings),
  };
  return { request, signature };
}

/** The endpoint's timeout. An operator may have lowered the longest one since it was set. */
export function timeoutMsOf({ endpoint }: KnownEndpoint, { maxTimeoutSeconds }: Settings): number {
  return Math.min(endpoint.timeoutSeconds, maxTimeoutSeconds) * 1_000;
}
