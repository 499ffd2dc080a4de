import type { FastifyInstance, FastifyRequest } from "fastify";
import Fastify from "fastify";
import type { Principal } from "../../packages/core/src/http/index.ts";
import { outhookPlugin } from "../../packages/fastify/src/index.ts";
import type { Contender } from "./contender.ts";
import { principalOf } from "./contender.ts";
import type { Body } from "./rows.ts";

type Route = { Params: { id: string }; Querystring: { limit?: string }; Body: Body };

export const fastifyContender: Contender = {
  bare: async (rows) => {
    const fastify = Fastify();
    fastify.addHook("onRequest", async (request, reply) =>
      authenticate(request) === null ? await reply.code(401).send() : undefined,
    );
    fastify.get<Route>("/webhooks/endpoints", async (request) =>
      rows.list(tenantOf(request), Number(request.query.limit ?? 25)),
    );
    fastify.get<Route>("/webhooks/endpoints/:id", async (request) => rows.get(tenantOf(request), request.params.id));
    fastify.post<Route>("/webhooks/endpoints", async (request, reply) => {
      reply.code(201);
      return rows.create(tenantOf(request), request.body);
    });
    fastify.patch<Route>("/webhooks/endpoints/:id", async (request) =>
      rows.update(tenantOf(request), request.params.id, request.body),
    );
    return await listen(fastify);
  },
  outhook: async (outhook) => {
    const fastify = Fastify();
    await fastify.register(outhookPlugin, { prefix: "/webhooks", outhook, authenticate });
    return await listen(fastify);
  },
};

function authenticate({ headers }: Pick<FastifyRequest, "headers">): Principal | null {
  return principalOf(headers.authorization);
}

function tenantOf(request: Pick<FastifyRequest, "headers">): string {
  return authenticate(request)?.tenant ?? "";
}

async function listen(fastify: FastifyInstance): Promise<number> {
  return Number(new URL(await fastify.listen({ port: 0, host: "127.0.0.1" })).port);
}
