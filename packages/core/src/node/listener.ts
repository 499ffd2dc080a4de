import type { IncomingMessage, ServerResponse } from "node:http";
import type { Answer } from "../http/call.ts";
import type { HandlerOptions, ManagedOuthook } from "../http/responder.ts";
import { createResponder } from "../http/responder.ts";
import { nodeCall } from "./call.ts";

/**
 * The management API as a listener for `node:http`.
 *
 * @example
 * createServer(createListener(outhook, { authenticate: (request) => principalOf(request.headers.authorization) })).listen(3000);
 */
export function createListener(
  outhook: ManagedOuthook,
  options: HandlerOptions<IncomingMessage>,
): (request: IncomingMessage, response: ServerResponse) => void {
  const respond = createResponder(outhook, options);
  return (request, response) => {
    respond(nodeCall(request, { url: request.url ?? "/", native: request }))
      .then((answer) => sendAnswer(response, answer))
      .catch((error: unknown) => {
        outhook.logger.error({ error }, "the contract of the management API failed; a bare 500 was answered");
        if (response.headersSent) response.destroy();
        else response.writeHead(500).end();
      });
  };
}

/** Writes an answer, unless the caller has gone. */
export function sendAnswer(response: ServerResponse, { status, headers, body }: Answer): void {
  if (response.destroyed || response.headersSent) return;
  // A 204 has no content, and no length of it either (RFC 9110 §8.6).
  const length = status === 204 ? {} : { "content-length": Buffer.byteLength(body ?? "") };
  response.writeHead(status, { ...headers, ...length }).end(body ?? undefined);
}
