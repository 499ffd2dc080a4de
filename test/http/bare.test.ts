import { getRequestListener } from "@hono/node-server";
import { createHandler } from "@outhook/core/http";
import { httpConformance, startServer } from "@outhook/testkit";
import { describe, it } from "vitest";

const prefix = "/api/webhooks";

const cases = httpConformance({
  start: async ({ outhook, authenticate, rateLimit }) => {
    const handler = createHandler(outhook, {
      authenticate: ({ headers }) => authenticate(headers.get("authorization") ?? undefined),
      rateLimit,
    });
    const serve = async (request: Request): Promise<Response> =>
      await handler(request, { path: new URL(request.url).pathname.slice(prefix.length) });
    return await startServer(getRequestListener(serve, { overrideGlobalObjects: false }), prefix);
  },
});

describe("createHandler", () => {
  // oxlint-disable-next-line vitest/expect-expect -- the cases assert
  for (const { id, run } of cases) it(id, run);
});
