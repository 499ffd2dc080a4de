import type { HandlerOptions, ManagedOuthook } from "@outhook/core/http";
import { belowMount, createResponder, webCall, webResponse } from "@outhook/core/http";
import type { Context } from "hono";
import { Hono } from "hono";

/**
 * The management API as a Hono 4 app, to be mounted with `route`.
 *
 * It answers every request below its mount, also with 404. `authenticate` gets Hono's context, and is required:
 * `invalid_options` is thrown without it.
 *
 * @example
 * app.route("/webhooks", outhookApp(outhook, { authenticate: (context) => principalOf(context.req.header("authorization")) }));
 */
export function outhookApp(outhook: ManagedOuthook, options: HandlerOptions<Context>): Hono {
  const respond = createResponder(outhook, options);
  const app = new Hono();
  app.all("*", async (context) => {
    const { raw } = context.req;
    // The route is the mount and `*`, and is counted in segments, for a mount may hold parameters. The helper that replaces
    // `routePath` finds nothing when the host has another copy of Hono.
    const depth = context.req.routePath.split("/").filter(Boolean).length - 1;
    const call = webCall(raw, { url: belowMount(raw.url, depth), native: context });
    // A body that middleware has read is still there in Hono's cache.
    const readBody: typeof call.readBody = async (maxBytes) => {
      if (!raw.bodyUsed) return await call.readBody(maxBytes);
      const cached = await context.req.arrayBuffer().catch(() => null);
      if (cached === null) return { kind: "consumed" };
      const bytes = new Uint8Array(cached);
      return bytes.length > maxBytes ? { kind: "too_large" } : { kind: "bytes", bytes };
    };
    return webResponse(await respond({ ...call, readBody }), raw.method);
  });
  return app;
}
