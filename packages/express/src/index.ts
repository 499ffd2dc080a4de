import type { AnyEvents, Outhook } from "@outhook/core";
import type { HandlerOptions } from "@outhook/core/http";
import { createResponder } from "@outhook/core/http";
import { nodeCall, sendAnswer } from "@outhook/core/node";
import type { Request, RequestHandler } from "express";

/**
 * The management API for Express 5, mounted anywhere, before or after `express.json()`.
 *
 * It answers every request below its mount, also with 404, and calls `next` only with an error of the contract's own code.
 * `authenticate` gets Express's request, and is required: `invalid_options` is thrown without it.
 *
 * @example
 * app.use("/webhooks", outhookRouter(outhook, { authenticate: (request) => principalOf(request.headers.authorization) }));
 */
export function outhookRouter<C extends AnyEvents, Tx>(
  outhook: Outhook<C, Tx>,
  options: HandlerOptions<Request>,
): RequestHandler {
  const respond = createResponder(outhook, options);
  return (request, response, next) => {
    // Below its mount Express cuts the URL; a body is there if one of the host's parsers has read it.
    const call = nodeCall(request, { url: request.url, body: request.body, native: request });
    respond(call)
      .then((answer) => sendAnswer(response, answer))
      .catch(next);
  };
}
