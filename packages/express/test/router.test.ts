import { createOuthook, memoryStore } from "@outhook/core";
import { standardContract } from "@outhook/core/http";
import type { RunningMount } from "@outhook/testkit";
import { startServer } from "@outhook/testkit";
import type { ErrorRequestHandler, Express, Request } from "express";
import express from "express";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { outhookRouter } from "../src/index.ts";

const outhook = createOuthook({ store: memoryStore(), secretKeys: "plaintext" });
await outhook.migrate();
const authenticate = () => ({ tenant: "acme", can: "manage" }) as const;

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

  it("hands an error of the contract's own code to Express", async () => {
    const error = (): never => {
      throw new Error("a mistake in the contract");
    };
    const app = express();
    app.use(outhookRouter(outhook, { authenticate, contract: { ...standardContract, error } }));
    const handler: ErrorRequestHandler = (caught, _request, response, _next) =>
      void response.status(500).send(`the host's: ${String(caught)}`);
    app.use(handler);
    await serving(app, async (url) => {
      expect(await (await fetch(`${url}/nothing`)).text()).toBe("the host's: Error: a mistake in the contract");
    });
  });

  it("is at most 60 lines", async () => {
    const source = await readFile(new URL("../src/index.ts", import.meta.url), "utf8");
    expect(source.split("\n").length).toBeLessThanOrEqual(61);
  });
});
