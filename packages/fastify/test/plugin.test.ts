import { createOuthook, memoryStore } from "@outhook/core";
import { standardContract } from "@outhook/core/http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { fastify } from "fastify";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { outhookPlugin } from "../src/index.ts";

const outhook = createOuthook({ store: memoryStore(), secretKeys: "plaintext" });
await outhook.migrate();
const authenticate = () => ({ tenant: "acme", can: "manage" }) as const;
const json = { "content-type": "application/json" };

async function serving(app: FastifyInstance, run: (url: string) => Promise<void>): Promise<void> {
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  try {
    await run(url);
  } finally {
    await app.close();
  }
}

describe("outhookPlugin", () => {
  it.each([{}, { authenticate: undefined }, { authenticate: "acme" }])(
    "refuses %o, which lets everybody in",
    async (options) => {
      const app = fastify();
      // @ts-expect-error -- without types
      const registered = async () => await app.register(outhookPlugin, { outhook, ...options });
      await expect(registered()).rejects.toThrow(expect.objectContaining({ code: "invalid_options" }));
    },
  );

  it("gives authenticate Fastify's request", async () => {
    const requests: FastifyRequest[] = [];
    const app = fastify();
    await app.register(outhookPlugin, {
      prefix: "/orgs/:org/webhooks",
      outhook,
      authenticate: (request) => {
        requests.push(request);
        const { org } = Object(request.params);
        return { tenant: org, can: "manage" };
      },
    });
    await serving(app, async (url) => {
      expect((await fetch(`${url}/orgs/acme/webhooks/endpoints?limit=1`)).status).toBe(200);
    });
    expect(requests).toHaveLength(1);
    expect(requests[0]?.originalUrl).toBe("/orgs/acme/webhooks/endpoints?limit=1");
    expect(requests[0]?.params).toMatchObject({ org: "acme" });
  });

  it("leaves the host its parsers, which do not see the plugin's bodies", async () => {
    const app = fastify();
    const parsed: unknown[] = [];
    app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => {
      parsed.push(body);
      done(null, { text: body });
    });
    app.post("/before", async ({ body }) => body);
    await app.register(outhookPlugin, { prefix: "/webhooks", outhook, authenticate });
    app.post("/after", async ({ body }) => body);
    await serving(app, async (url) => {
      for (const path of ["/before", "/after"]) {
        const echo = await fetch(url + path, { method: "POST", headers: json, body: "{}" });
        expect(await echo.json()).toEqual({ text: "{}" });
        const other = await fetch(url + path, { method: "POST", headers: { "content-type": "text/csv" }, body: "a" });
        expect(other.status).toBe(415);
      }
      parsed.length = 0;
      const body = '{"url":"https://hooks.example.com/"}';
      expect((await fetch(`${url}/webhooks/endpoints`, { method: "POST", headers: json, body })).status).toBe(201);
      expect(parsed).toEqual([]);
    });
  });

  it("runs the host's hooks, which may add headers and refuse", async () => {
    const app = fastify();
    app.addHook("onRequest", async (request, reply) => {
      if (request.headers["x-blocked"] !== undefined) await reply.code(418).send("the host's");
    });
    app.addHook("onSend", async (_request, reply) => {
      reply.header("access-control-allow-origin", "https://app.example.com");
    });
    await app.register(outhookPlugin, { outhook, authenticate });
    await serving(app, async (url) => {
      const list = await fetch(`${url}/endpoints`);
      expect([list.status, list.headers.get("access-control-allow-origin")]).toEqual([200, "https://app.example.com"]);
      const unknown = await fetch(`${url}/nothing`);
      expect(unknown.headers.get("access-control-allow-origin")).toBe("https://app.example.com");
      expect((await fetch(`${url}/endpoints`, { headers: { "x-blocked": "1" } })).status).toBe(418);
    });
  });

  it("leaves the host its error handler and its own 404", async () => {
    const app = fastify();
    app.setErrorHandler(async (error) => `the host's: ${String(error)}`);
    app.setNotFoundHandler(async () => "the host's 404");
    app.get("/broken", async () => {
      throw new Error("broken");
    });
    await app.register(outhookPlugin, { prefix: "/webhooks", outhook, authenticate });
    const error = (): never => {
      throw new Error("a mistake in the contract");
    };
    await app.register(outhookPlugin, {
      prefix: "/other",
      outhook,
      authenticate,
      contract: { ...standardContract, error },
    });
    await serving(app, async (url) => {
      expect(await (await fetch(`${url}/broken`)).text()).toBe("the host's: Error: broken");
      expect(await (await fetch(`${url}/nothing`)).text()).toBe("the host's 404");
      expect(await (await fetch(`${url}/webhooks/nothing`)).json()).toMatchObject({ code: "not_found" });
      expect(await (await fetch(`${url}/other/nothing`)).text()).toBe("the host's: Error: a mistake in the contract");
    });
  });

  it("is at most 60 lines", async () => {
    const source = await readFile(new URL("../src/index.ts", import.meta.url), "utf8");
    expect(source.split("\n").length).toBeLessThanOrEqual(61);
  });
});
