import { serve } from "@hono/node-server";
import type { Context } from "hono";
import { Hono } from "hono";
import type { Principal } from "../../packages/core/src/http/index.ts";
import { outhookApp } from "../../packages/hono/src/index.ts";
import type { Contender } from "./contender.ts";
import { principalOf } from "./contender.ts";

export const honoContender: Contender = {
  bare: async (rows) => {
    const app = new Hono();
    app.use(async (context, next) => {
      if (authenticate(context) === null) return context.body(null, 401);
      return await next();
    });
    app.get("/webhooks/endpoints", (context) =>
      answer(context, rows.list(tenantOf(context), Number(context.req.query("limit") ?? 25))),
    );
    app.get("/webhooks/endpoints/:id", (context) =>
      answer(context, rows.get(tenantOf(context), context.req.param("id"))),
    );
    app.post("/webhooks/endpoints", async (context) =>
      answer(context, rows.create(tenantOf(context), await context.req.json()), 201),
    );
    app.patch("/webhooks/endpoints/:id", async (context) =>
      answer(context, rows.update(tenantOf(context), context.req.param("id"), await context.req.json())),
    );
    return await listen(app);
  },
  outhook: async (outhook) => {
    const app = new Hono();
    app.route("/webhooks", outhookApp(outhook, { authenticate }));
    return await listen(app);
  },
};

function authenticate(context: Context): Principal | null {
  return principalOf(context.req.header("authorization"));
}

function tenantOf(context: Context): string {
  return authenticate(context)?.tenant ?? "";
}

function answer(context: Context, value: unknown, status: 200 | 201 = 200): Response {
  return context.body(JSON.stringify(value), status, { "content-type": "application/json" });
}

async function listen(app: Hono): Promise<number> {
  return await new Promise((resolve) => {
    serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => resolve(port));
  });
}
