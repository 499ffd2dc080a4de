import type { HandlerOptions, ManagedOuthook } from "@outhook/core/http";
import { createResponder } from "@outhook/core/http";
import { nodeCall, sendAnswer } from "@outhook/core/node";
import type { Request, RequestHandler } from "express";

/**
 * The management API for Express 5, mounted anywhere, before or after `express.json()`.
 *
 * It answers every request below its mount, also with 404; only what a contract's own `error` throws goes to Express.
 * `authenticate` gets Express's request, and is required: `invalid_options` is thrown without it.
 *
 * @example
 * app.use("/webhooks", outhookRouter(outhook, { authenticate: (request) => principalOf(request.headers.authorization) }));
 */
export function outhookRouter(outhook: ManagedOuthook, options: HandlerOptions<Request>): RequestHandler {
  const respond = createResponder(outhook, options);
  return async (request, response) => {
    // Below its mount Express cuts the URL; a body is there if one of the host's parsers has read it.
    const call = nodeCall(request, { url: request.url, body: request.body, native: request });
    sendAnswer(response, await respond(call));
  };
}
