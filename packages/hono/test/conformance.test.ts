import { getRequestListener } from "@hono/node-server";
import type { HttpMount } from "@outhook/testkit";
import { httpConformance, startServer } from "@outhook/testkit";
import { Hono } from "hono";
import { describe, it } from "vitest";
import { outhookApp } from "../src/index.ts";

/** Mounts the app in a fresh one, which serves it at `path`. */
function mountOf(path: string, mount: (app: Hono) => Hono): HttpMount {
  return {
    start: async ({ outhook, authenticate, rateLimit }) => {
      const app = outhookApp(outhook, {
        authenticate: ({ req }) => authenticate(req.header("authorization")),
        rateLimit,
      });
      return await startServer(getRequestListener(mount(app).fetch, { overrideGlobalObjects: false }), path);
    },
  };
}

const mounts = {
  "at the root": mountOf("", (app) => new Hono().route("/", app)),
  "in an app with a parameter": mountOf("/orgs/a%2Fb/webhooks", (app) =>
    new Hono().route("/orgs/:org", new Hono().route("/webhooks", app)),
  ),
};

describe.each(Object.entries(mounts))("outhookApp %s", (_, mount) => {
  // oxlint-disable-next-line vitest/expect-expect -- the cases assert
  for (const { id, run } of httpConformance(mount)) it(id, run);
});
