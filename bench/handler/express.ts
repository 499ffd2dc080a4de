import { once } from "node:events";
import type { Express, Request } from "express";
import express from "express";
import type { Principal } from "../../packages/core/src/http/index.ts";
import { outhookRouter } from "../../packages/express/src/index.ts";
import type { Contender } from "./contender.ts";
import { principalOf } from "./contender.ts";

export const expressContender: Contender = {
  bare: async (rows) => {
    const app = express();
    app.use((request, response, next) => {
      if (authenticate(request) === null) response.sendStatus(401);
      else next();
    });
    app.use(express.json());
    app.get("/webhooks/endpoints", (request, response) => {
      response.json(rows.list(tenantOf(request), Number(request.query["limit"] ?? 25)));
    });
    app.get("/webhooks/endpoints/:id", (request, response) => {
      response.json(rows.get(tenantOf(request), request.params.id));
    });
    app.post("/webhooks/endpoints", (request, response) => {
      response.status(201).json(rows.create(tenantOf(request), request.body));
    });
    app.patch("/webhooks/endpoints/:id", (request, response) => {
      response.json(rows.update(tenantOf(request), request.params.id, request.body));
    });
    return await listen(app);
  },
  outhook: async (outhook) => {
    return await listen(express().use("/webhooks", outhookRouter(outhook, { authenticate })));
  },
};

function authenticate(request: Request): Principal | null {
  return principalOf(request.headers.authorization);
}

function tenantOf(request: Request): string {
  return authenticate(request)?.tenant ?? "";
}

async function listen(app: Express): Promise<number> {
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
