import { getRequestListener } from "@hono/node-server";
import { createOuthook, memoryStore } from "@outhook/core";
import { standardContract } from "@outhook/core/http";
import { startServer } from "@outhook/testkit";
import type { Context } from "hono";
import { Hono } from "hono";
import { cors } from "hono/cors";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:http";
import { describe, expect, it } from "vitest";
import { outhookApp } from "../src/index.ts";

const logged: Readonly<Record<string, unknown>>[] = [];
const logger = {
  warn: () => undefined,
  error: (details: Readonly<Record<string, unknown>>) => void logged.push(details),
};
const outhook = createOuthook({ store: memoryStore(), secretKeys: "plaintext", logger });
await outhook.migrate();
const authenticate = () => ({ tenant: "acme", can: "manage" }) as const;
const body = '{"url":"https://hooks.example.com/","description":"é🔑"}';
const post = { method: "POST", headers: { "content-type": "application/json" }, body };

async function serving(app: Pick<Hono, "fetch">, run: (url: string) => Promise<void>): Promise<void> {
  const server = await startServer(getRequestListener(app.fetch, { overrideGlobalObjects: false }));
  try {
    await run(server.url);
  } finally {
    await server.close();
  }
}

const readers: readonly { readonly how: string; readonly read: (context: Context) => Promise<unknown> }[] = [
  { how: "json()", read: (context) => context.req.json() },
  { how: "text()", read: (context) => context.req.text() },
  { how: "arrayBuffer()", read: (context) => context.req.arrayBuffer() },
  { how: "blob()", read: (context) => context.req.blob() },
];

describe("outhookApp", () => {
  it.each([{}, { authenticate: undefined }, { authenticate: "acme" }])(
    "refuses %o, which lets everybody in",
    (options) => {
      // @ts-expect-error -- without types
      expect(() => outhookApp(outhook, options)).toThrow(expect.objectContaining({ code: "invalid_options" }));
    },
  );

  it("gives authenticate Hono's context", async () => {
    const app = new Hono<{ Variables: { tenant: string } }>();
    app.use("/orgs/:org/*", async (context, next) => {
      context.set("tenant", context.req.param("org"));
      await next();
    });
    const tenants: unknown[] = [];
    const mounted = outhookApp(outhook, {
      authenticate: (context) => {
        tenants.push(context.get("tenant"), context.req.path);
        return authenticate();
      },
    });
    await serving(app.route("/orgs/:org/webhooks", mounted), async (url) => {
      expect((await fetch(`${url}/orgs/acme/webhooks/endpoints?limit=1`)).status).toBe(200);
    });
    expect(tenants).toEqual(["acme", "/orgs/acme/webhooks/endpoints"]);
  });

  it.each(readers)("takes a body that middleware has read by $how", async ({ read }) => {
    const app = new Hono();
    app.use(async (context, next) => {
      if (context.req.method === "POST") await read(context);
      await next();
    });
    await serving(app.route("/webhooks", outhookApp(outhook, { authenticate })), async (url) => {
      const created = await fetch(`${url}/webhooks/endpoints`, post);
      expect(created.status).toBe(201);
      expect(await created.json()).toMatchObject({ description: "é🔑" });
      const large = await fetch(`${url}/webhooks/endpoints`, { ...post, body: JSON.stringify("x".repeat(2 ** 20)) });
      expect(large.status).toBe(413);
    });
  });

  it("does not blame the caller for a body that middleware has read past Hono", async () => {
    const app = new Hono();
    app.use(async (context, next) => {
      await context.req.raw.text();
      await next();
    });
    logged.length = 0;
    await serving(app.route("/", outhookApp(outhook, { authenticate })), async (url) => {
      const refused = await fetch(`${url}/endpoints`, post);
      expect([refused.status, await refused.json()]).toEqual([500, expect.objectContaining({ code: "internal" })]);
    });
    expect(logged).toMatchObject([{ error: { hint: expect.stringContaining("mount the API before") } }]);
  });

  it("answers on a connection whose last body was too large", async () => {
    const app = new Hono().route("/", outhookApp(outhook, { authenticate }));
    await serving(app, async (url) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const sockets: unknown[] = [];
      const statusOf = async (method: string, chunks: readonly Uint8Array[]): Promise<number | undefined> => {
        const sent = request(`${url}/endpoints`, { agent, method, headers: post.headers });
        for (const chunk of chunks) sent.write(chunk);
        sent.end();
        const [response]: readonly IncomingMessage[] = await once(sent, "response");
        sockets.push(sent.socket);
        response?.resume();
        await once(sent, "close");
        return response?.statusCode;
      };
      const large = Array.from({ length: 32 }, () => new Uint8Array(65_536));
      const statuses = [await statusOf("POST", large), await statusOf("GET", []), await statusOf("POST", large)];
      expect(statuses).toEqual([413, 200, 413]);
      expect(new Set(sockets).size).toBe(1);
      agent.destroy();
    });
  });

  it("leaves the host its routes, middleware and handlers", async () => {
    const error = (): never => {
      throw new Error("a mistake in the contract");
    };
    const withoutStatus = { ...standardContract, error: () => ({ status: 99 }) };
    const app = new Hono();
    app.use(cors({ origin: "https://app.example.com" }));
    app.onError((caught, context) => context.text(`the host's: ${String(caught)}`, 500));
    app.notFound((context) => context.text("the host's 404", 404));
    app.route("/webhooks", outhookApp(outhook, { authenticate }));
    app.route("/other", outhookApp(outhook, { authenticate, contract: { ...standardContract, error } }));
    app.route("/without-status", outhookApp(outhook, { authenticate, contract: withoutStatus }));
    app.post("/echo", async (context) => context.json(await context.req.json()));
    await serving(app, async (url) => {
      expect(await (await fetch(`${url}/echo`, post)).json()).toEqual(JSON.parse(body));
      expect(await (await fetch(`${url}/nothing`)).text()).toBe("the host's 404");
      const origin = "https://app.example.com";
      const inside = await fetch(`${url}/webhooks/nothing`, { headers: { origin } });
      expect(await inside.json()).toMatchObject({ code: "not_found" });
      expect(inside.headers.get("access-control-allow-origin")).toBe(origin);
      expect(await (await fetch(`${url}/other/nothing`)).text()).toBe("the host's: Error: a mistake in the contract");
      expect(await (await fetch(`${url}/without-status/x`)).text()).toContain("the host's: OuthookError: contract:");
    });
  });

  it("is at most 60 lines", async () => {
    const source = await readFile(new URL("../src/index.ts", import.meta.url), "utf8");
    expect(source.split("\n").length).toBeLessThanOrEqual(61);
  });
});
