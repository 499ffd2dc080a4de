import type { HttpMount } from "@outhook/testkit";
import { httpConformance, startServer } from "@outhook/testkit";
import type { RequestHandler } from "express";
import express, { Router } from "express";
import { describe, it } from "vitest";
import { outhookRouter } from "../src/index.ts";

/** An app with what `host` makes of the router, which stands at `path`. */
function mountOf(bodies: HttpMount["bodies"], path: string, host: (router: RequestHandler) => Router): HttpMount {
  return {
    bodies,
    start: async ({ outhook, authenticate, rateLimit }) => {
      const router = outhookRouter(outhook, {
        authenticate: ({ headers }) => authenticate(headers.authorization),
        rateLimit,
      });
      return await startServer(express().use(host(router)), path);
    },
  };
}

const mounts = {
  "at the root, before express.json()": mountOf("raw", "", (router) => Router().use(router, express.json())),
  "under a prefix, after express.json()": mountOf("host", "/api/webhooks", (router) =>
    Router().use(express.json()).use("/api/webhooks", router),
  ),
  "in a router with a parameter": mountOf("raw", "/orgs/a%2Fb/webhooks", (router) =>
    Router().use("/orgs/:org", Router().use("/webhooks", router)),
  ),
  "after express.raw()": mountOf("host", "", (router) => Router().use(express.raw({ type: "*/*" }), router)),
};

describe.each(Object.entries(mounts))("outhookRouter %s", (_, mount) => {
  // oxlint-disable-next-line vitest/expect-expect -- the cases assert
  for (const { id, run } of httpConformance(mount)) it(id, run);
});
