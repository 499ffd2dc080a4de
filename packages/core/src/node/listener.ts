import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import type { Answer } from "../http/call.ts";
import type { HandlerOptions, ManagedOuthook } from "../http/responder.ts";
import { createResponder } from "../http/responder.ts";
import { nodeCall } from "./call.ts";

/** What the responses of `node:http` and `node:http2` have in common. */
export type NodeResponse = {
  readonly destroyed: boolean;
  readonly headersSent: boolean;
  writeHead(status: number, headers?: OutgoingHttpHeaders): unknown;
  end(text: string): unknown;
  destroy(): unknown;
};

/**
 * The management API as a listener for `node:http` and `node:http2`.
 *
 * @example
 * createServer(createListener(outhook, { authenticate: (request) => principalOf(request.headers.authorization) })).listen(3000);
 */
export function createListener<Incoming extends IncomingMessage | Http2ServerRequest = IncomingMessage>(
  outhook: ManagedOuthook,
  options: HandlerOptions<Incoming>,
): (request: Incoming, response: NodeResponse) => void {
  const respond = createResponder(outhook, options);
  return (request, response) => {
    respond(nodeCall(request, { url: request.url ?? "/", native: request }))
      .then((answer) => sendAnswer(response, answer))
      .catch((error: unknown) => {
        outhook.logger.error({ error }, "the contract of the management API failed; a bare 500 was answered");
        if (response.headersSent) response.destroy();
        else sendAnswer(response, { status: 500, headers: {}, body: null });
      });
  };
}

/** Writes an answer, unless the caller has gone. */
export function sendAnswer(response: NodeResponse, { status, headers, body }: Answer): void {
  if (response.destroyed || response.headersSent) return;
  // A 204 has no content, and no length of it either (RFC 9110 §8.6).
  const length = status === 204 ? {} : { "content-length": Buffer.byteLength(body ?? "") };
  response.writeHead(status, { ...headers, ...length });
  response.end(body ?? "");
}
