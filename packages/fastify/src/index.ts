import type { HandlerOptions, ManagedOuthook } from "@outhook/core/http";
import { createResponder } from "@outhook/core/http";
import { nodeCall } from "@outhook/core/node";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

/** What the plugin is registered with, beside Fastify's own `prefix`. */
export type OuthookPluginOptions = HandlerOptions<FastifyRequest> & {
  readonly outhook: ManagedOuthook;
};

/**
 * The management API for Fastify 5, as a plugin that keeps to itself: the host's parsers and error handler stay as they are,
 * and its hooks run here too.
 *
 * It answers every request below its prefix, also with 404. `authenticate` gets Fastify's request, and is required:
 * registering rejects with `invalid_options` without it.
 *
 * @example
 * await fastify.register(outhookPlugin, { prefix: "/webhooks", outhook, authenticate });
 */
export async function outhookPlugin(
  fastify: FastifyInstance,
  { outhook, authenticate, contract, rateLimit }: OuthookPluginOptions,
): Promise<void> {
  const respond = createResponder(outhook, { authenticate, contract, rateLimit });
  // A prefix may hold parameters, so what is above the mount is counted in segments.
  const depth = fastify.prefix.split("/").length - 1;
  const below = (url: string): string =>
    `/${url
      .split("/")
      .slice(depth + 1)
      .join("/")}`;

  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const call = nodeCall(request.raw, { url: below(request.url), native: request });
    const { status, headers, body } = await respond(call);
    return await reply
      .code(status)
      .headers(headers)
      .send(body ?? undefined);
  };

  // The body is read by the responder, after it knows who calls.
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser("*", (_request, _payload, done) => done(null));
  fastify.all("/*", answer);
}
