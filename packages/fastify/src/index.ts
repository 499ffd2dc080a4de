import type { HandlerOptions, ManagedOuthook } from "@outhook/core/http";
import { belowMount, createResponder } from "@outhook/core/http";
import { nodeCall } from "@outhook/core/node";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Readable } from "node:stream";

/** What the plugin is registered with, beside Fastify's own `prefix`. */
export type OuthookPluginOptions = HandlerOptions<FastifyRequest> & {
  readonly outhook: ManagedOuthook;
};

/**
 * The management API for Fastify 5, as a plugin that keeps to itself: the host's parsers and error handler stay as they are,
 * and its hooks run here too.
 *
 * It answers every request below its prefix that Fastify can read, also with 404; a broken content type or percent-encoding
 * Fastify refuses itself, before any plugin. `authenticate` gets Fastify's request, and is required:
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
  const depth = fastify.prefix.split("/").filter(Boolean).length;

  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { raw, body, url } = request;
    const stream = body instanceof Readable ? body : raw;
    const {
      status,
      headers,
      body: text,
    } = await respond(nodeCall(raw, { url: belowMount(url, depth), stream, native: request }));
    reply.code(status).headers(headers);
    return await reply.send(text ?? undefined);
  };

  // The responder reads the body, after it knows who calls, as the host's `preParsing` hooks have left it.
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
  fastify.all("/*", answer);
}
