import type { HttpMount } from "@outhook/testkit";
import { httpConformance } from "@outhook/testkit";
import type { FastifyPluginAsync } from "fastify";
import { fastify } from "fastify";
import { describe, it } from "vitest";
import { outhookPlugin } from "../src/index.ts";

/** An app with what `host` makes of the plugin, which stands at `path`. */
function mountOf(path: string, host: (plugin: FastifyPluginAsync) => FastifyPluginAsync): HttpMount {
  return {
    start: async ({ outhook, authenticate, rateLimit }) => {
      const plugin: FastifyPluginAsync = async (app) => {
        await app.register(outhookPlugin, {
          outhook,
          authenticate: ({ headers }) => authenticate(headers.authorization),
          rateLimit,
        });
      };
      const app = fastify();
      await app.register(host(plugin));
      return { url: (await app.listen({ host: "127.0.0.1", port: 0 })) + path, close: async () => await app.close() };
    },
  };
}

const mounts = {
  "at the root": mountOf("", (plugin) => plugin),
  "in a plugin with a parameter": mountOf("/orgs/a%2Fb/webhooks", (plugin) => async (app) => {
    const orgs: FastifyPluginAsync = async (scope) => {
      await scope.register(plugin, { prefix: "/webhooks" });
    };
    await app.register(orgs, { prefix: "/orgs/:org" });
  }),
};

describe.each(Object.entries(mounts))("outhookPlugin %s", (_, mount) => {
  // oxlint-disable-next-line vitest/expect-expect -- the cases assert
  for (const { id, run } of httpConformance(mount)) it(id, run);
});
