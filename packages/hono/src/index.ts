import type { AnyEvents, Outhook } from "@outhook/core";
import type { HandlerOptions } from "@outhook/core/http";
import { createResponder, webCall, webResponse } from "@outhook/core/http";
import type { Context } from "hono";
import { Hono } from "hono";
import { basePath } from "hono/route";

/**
 * The management API as a Hono 4 app, to be mounted with `route`.
 *
 * It answers every request below its mount, also with 404. `authenticate` gets Hono's context, and is required:
 * `invalid_options` is thrown without it.
 *
 * @example
 * app.route("/webhooks", outhookApp(outhook, { authenticate: (context) => principalOf(context.req.header("authorization")) }));
 */
export function outhookApp<C extends AnyEvents, Tx>(outhook: Outhook<C, Tx>, options: HandlerOptions<Context>): Hono {
  const respond = createResponder(outhook, options);
  const app = new Hono();
  app.all("*", async (context) => {
    const { raw } = context.req;
    const { pathname, search } = new URL(raw.url);
    // What is above the mount is counted in segments: a parameter in it may be encoded.
    const depth = basePath(context).split("/").filter(Boolean).length;
    const url = `/${pathname
      .split("/")
      .slice(depth + 1)
      .join("/")}${search}`;
    const call = webCall(raw, { url, native: context });
    // A body that middleware has read is still there in Hono's cache.
    const readBody: typeof call.readBody = async (maxBytes) => {
      if (!raw.bodyUsed) return await call.readBody(maxBytes);
      const bytes = new Uint8Array(await context.req.arrayBuffer());
      return bytes.length > maxBytes ? { kind: "too_large" } : { kind: "bytes", bytes };
    };
    return webResponse(await respond({ ...call, readBody }), raw.method);
  });
  return app;
}
