import { createOuthook, memoryStore } from "@outhook/core";
import type { Contract } from "@outhook/core/http";
import { standardContract } from "@outhook/core/http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { fastify } from "fastify";
import { readFile } from "node:fs/promises";
import { Transform } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { outhookPlugin } from "../src/index.ts";

const logged: Readonly<Record<string, unknown>>[] = [];
const logger = {
  warn: () => undefined,
  error: (details: Readonly<Record<string, unknown>>) => void logged.push(details),
};
const outhook = createOuthook({ store: memoryStore(), secretKeys: "plaintext", logger });
await outhook.migrate();
const authenticate = () => ({ tenant: "acme", can: "manage" }) as const;
const json = { "content-type": "application/json" };
const endpoint = '{"url":"https://hooks.example.com/","description":"é🔑"}';
const post = { method: "POST", headers: json, body: endpoint } as const;

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
      expect((await fetch(`${url}/webhooks/endpoints`, post)).status).toBe(201);
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

  it.each(["/", "/webhooks", "/webhooks/", "/a/b/"])("stands at the prefix '%s'", async (prefix) => {
    const app = fastify();
    await app.register(outhookPlugin, { prefix, outhook, authenticate });
    const path = prefix.replace(/\/$/, "");
    await serving(app, async (url) => {
      const created = await fetch(`${url}${path}/endpoints`, post);
      expect(created.status).toBe(201);
      const { id } = Object(await created.json());
      expect((await fetch(`${url}${path}/endpoints/${id}`)).status).toBe(200);
      expect(await (await fetch(`${url}${path}/nothing`)).json()).toMatchObject({ code: "not_found" });
    });
  });

  it("answers what Fastify injects, which was never on a socket", async () => {
    const app = fastify();
    await app.register(outhookPlugin, { prefix: "/webhooks", outhook, authenticate });
    const inject = async (method: "GET" | "POST" | "PATCH" | "DELETE", path: string, payload?: object | string) => {
      const url = `/webhooks/endpoints${path}`;
      const answer = await app.inject({ method, url, ...(payload && { payload, headers: json }) });
      return { statusCode: answer.statusCode, json: answer.body === "" ? null : JSON.parse(answer.body) };
    };
    const created = await inject("POST", "", endpoint);
    expect(created).toMatchObject({ statusCode: 201, json: { description: "é🔑" } });
    const path = `/${created.json.id}`;
    const patched = { statusCode: 200, json: { description: "new" } };
    expect(await inject("PATCH", path, { description: "new" })).toMatchObject(patched);
    const { secret } = created.json;
    for (const payload of [undefined, {}]) {
      const rotated = await inject("POST", `${path}/secret/rotate`, payload);
      expect(rotated).toMatchObject({ statusCode: 200, json: { secret: expect.not.stringContaining(secret) } });
    }
    expect(await inject("GET", path)).toMatchObject(patched);
    expect(await inject("POST", "", "{")).toMatchObject({ statusCode: 400, json: { code: "malformed_body" } });
    expect(await inject("DELETE", path)).toEqual({ statusCode: 204, json: null });
  });

  it("reads bodies as the host's preParsing hooks leave them", async () => {
    const app = fastify();
    app.addHook("preParsing", async (_request, _reply, payload) => {
      const upper = new Transform({
        transform: (chunk, _encoding, done) => done(null, String(chunk).replace("é🔑", "changed")),
      });
      return payload.pipe(upper);
    });
    await app.register(outhookPlugin, { outhook, authenticate });
    await serving(app, async (url) => {
      const created = await fetch(`${url}/endpoints`, post);
      expect([created.status, await created.json()]).toEqual([
        201,
        expect.objectContaining({ description: "changed" }),
      ]);
    });
  });

  it("does not blame the caller for a body that a hook has read for itself", async () => {
    const app = fastify();
    app.addHook("preParsing", async (_request, _reply, payload) => {
      await text(payload);
    });
    await app.register(outhookPlugin, { outhook, authenticate });
    logged.length = 0;
    await serving(app, async (url) => {
      const refused = await fetch(`${url}/endpoints`, post);
      expect([refused.status, await refused.json()]).toEqual([500, expect.objectContaining({ code: "internal" })]);
    });
    expect(logged).toMatchObject([{ error: { hint: expect.stringContaining("mount the API before") } }]);
  });

  it("leaves the host its error handler and its own 404", async () => {
    const app = fastify();
    app.setErrorHandler(async (error) => `the host's: ${String(error)}`);
    app.setNotFoundHandler(async () => "the host's 404");
    app.get("/broken", async () => {
      throw new Error("broken");
    });
    await app.register(outhookPlugin, { prefix: "/webhooks", outhook, authenticate });
    const register = async (prefix: string, error: Contract["error"]): Promise<void> => {
      const contract = { ...standardContract, error };
      await app.register(outhookPlugin, { prefix, outhook, authenticate, contract });
    };
    await register("/throwing", () => {
      throw new Error("a mistake in the contract");
    });
    await register("/without-status", () => ({ status: 99 }));
    await serving(app, async (url) => {
      expect(await (await fetch(`${url}/broken`)).text()).toBe("the host's: Error: broken");
      expect(await (await fetch(`${url}/nothing`)).text()).toBe("the host's 404");
      expect(await (await fetch(`${url}/webhooks/nothing`)).json()).toMatchObject({ code: "not_found" });
      expect(await (await fetch(`${url}/throwing/x`)).text()).toBe("the host's: Error: a mistake in the contract");
      expect(await (await fetch(`${url}/without-status/x`)).text()).toContain("the host's: OuthookError: contract:");
    });
  });

  it("is at most 60 lines", async () => {
    const source = await readFile(new URL("../src/index.ts", import.meta.url), "utf8");
    expect(source.split("\n").length).toBeLessThanOrEqual(61);
  });
});
