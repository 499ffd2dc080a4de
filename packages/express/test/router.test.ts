import { createOuthook, memoryStore } from "@outhook/core";
import { standardContract } from "@outhook/core/http";
import type { RunningMount } from "@outhook/testkit";
import { startServer } from "@outhook/testkit";
import type { ErrorRequestHandler, Express, Request } from "express";
import express from "express";
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { outhookRouter } from "../src/index.ts";

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

async function serving(app: Express, run: (url: string) => Promise<void>): Promise<void> {
  const server: RunningMount = await startServer(app);
  try {
    await run(server.url);
  } finally {
    await server.close();
  }
}

describe("outhookRouter", () => {
  it.each([{}, { authenticate: undefined }, { authenticate: "acme" }])(
    "refuses %o, which lets everybody in",
    (options) => {
      // @ts-expect-error -- without types
      expect(() => outhookRouter(outhook, options)).toThrow(expect.objectContaining({ code: "invalid_options" }));
    },
  );

  it("gives authenticate Express's request", async () => {
    const requests: Request[] = [];
    const app = express();
    app.use("/orgs/:org", (request, response, next) => {
      response.locals["org"] = request.params["org"];
      next();
    });
    const router = outhookRouter(outhook, {
      authenticate: (request) => {
        requests.push(request);
        return { tenant: String(request.res?.locals["org"]), can: "manage" };
      },
    });
    app.use("/orgs/:org/webhooks", router);
    await serving(app, async (url) => {
      expect((await fetch(`${url}/orgs/acme/webhooks/endpoints?limit=1`)).status).toBe(200);
    });
    expect(requests).toHaveLength(1);
    expect(requests[0]?.app).toBe(app);
    expect(requests[0]?.originalUrl).toBe("/orgs/acme/webhooks/endpoints?limit=1");
  });

  it("leaves the host's routes, parsers and middleware as they are", async () => {
    const app = express();
    app.use((_, response, next) => {
      response.set("access-control-allow-origin", "https://app.example.com");
      next();
    });
    app.use("/webhooks", outhookRouter(outhook, { authenticate }));
    app.use(express.json());
    app.post("/echo", (request, response) => void response.json(request.body));
    app.get("/webhooks-guide", (_, response) => void response.send("guide"));
    await serving(app, async (url) => {
      const headers = { "content-type": "application/json" };
      const echo = await fetch(`${url}/echo`, { method: "POST", headers, body: '{"a":1}' });
      expect(await echo.json()).toEqual({ a: 1 });
      expect(await (await fetch(`${url}/webhooks-guide`)).text()).toBe("guide");
      const list = await fetch(`${url}/webhooks/endpoints`);
      expect(list.status).toBe(200);
      expect(list.headers.get("access-control-allow-origin")).toBe("https://app.example.com");
    });
  });

  it("answers what is unknown below its mount itself", async () => {
    const app = express();
    app.use("/webhooks", outhookRouter(outhook, { authenticate }));
    app.use((_, response) => void response.status(404).send("the host's"));
    await serving(app, async (url) => {
      const inside = await fetch(`${url}/webhooks/nothing`);
      expect([inside.status, inside.headers.get("content-type")]).toEqual([404, "application/problem+json"]);
      expect(await (await fetch(`${url}/nothing`)).text()).toBe("the host's");
    });
  });

  it.each([
    { what: "sets its encoding", touch: (request: Request) => void request.setEncoding("utf8") },
    { what: "pauses it", touch: (request: Request) => void request.pause() },
    { what: "leaves an empty body on it", touch: (request: Request) => void (request.body = {}) },
  ])("reads a request itself after middleware that $what", async ({ touch }) => {
    const app = express();
    app.use((request, _, next) => {
      touch(request);
      next();
    });
    app.use(outhookRouter(outhook, { authenticate }));
    await serving(app, async (url) => {
      const created = await fetch(`${url}/endpoints`, post);
      expect([created.status, await created.json()]).toEqual([201, expect.objectContaining({ description: "é🔑" })]);
    });
  });

  it("does not blame the caller for a body that middleware has read for itself", async () => {
    const app = express();
    app.use(async (request, _, next) => {
      await text(request);
      next();
    });
    app.use(outhookRouter(outhook, { authenticate }));
    logged.length = 0;
    await serving(app, async (url) => {
      const refused = await fetch(`${url}/endpoints`, post);
      expect([refused.status, await refused.json()]).toEqual([500, expect.objectContaining({ code: "internal" })]);
    });
    expect(logged).toMatchObject([{ error: { hint: expect.stringContaining("mount the API before") } }]);
  });

  it.each([
    {
      what: "that throws",
      error: (): never => {
        throw new Error("a mistake in the contract");
      },
      says: "Error: a mistake in the contract",
    },
    { what: "without a status", error: () => ({ status: 99 }), says: "OuthookError: contract: the status 99" },
  ])("hands a contract's own error $what to Express", async ({ error, says }) => {
    const app = express();
    app.use(outhookRouter(outhook, { authenticate, contract: { ...standardContract, error } }));
    const handler: ErrorRequestHandler = (caught, _request, response, _next) =>
      void response.status(500).send(`the host's: ${String(caught)}`);
    app.use(handler);
    await serving(app, async (url) => {
      expect(await (await fetch(`${url}/nothing`)).text()).toContain(`the host's: ${says}`);
    });
  });

  it("is at most 60 lines", async () => {
    const source = await readFile(new URL("../src/index.ts", import.meta.url), "utf8");
    expect(source.split("\n").length).toBeLessThanOrEqual(61);
  });
});
