/**
 * An app with every package: it delivers a message from each store to a receiver and asks each mount, as try-packages.ts
 * lets it do on each Node, installed by each package manager. It is built as ESM and as CommonJS, so it has no top-level await.
 */
import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import type { Store } from "@outhook/core";
import { createOuthook, defineEvents, memoryStore } from "@outhook/core";
import type { Principal } from "@outhook/core/http";
import { createHandler } from "@outhook/core/http";
import { createListener } from "@outhook/core/node";
import { outhookRouter } from "@outhook/express";
import { outhookPlugin } from "@outhook/fastify";
import { outhookApp } from "@outhook/hono";
import { postgresStore } from "@outhook/postgres";
import { schemaSql, sqliteStore } from "@outhook/sqlite";
import { startReceiver, verifyRequest } from "@outhook/testkit";
import express from "express";
import { fastify } from "fastify";
import { Hono } from "hono";
import { Pool } from "pg";
import { z } from "zod";

const events = defineEvents({ "order.created": z.object({ id: z.string() }) });

async function main(databaseUrl: string, folder: string): Promise<void> {
  const pool = new Pool({ connectionString: databaseUrl });
  await pool.query("drop schema if exists outhook cascade");
  await delivers("memory", memoryStore());
  await delivers("sqlite", sqliteStore({ path: `${folder}/app.db` }));
  await delivers("postgres", postgresStore({ pool }));
  await pool.end();
  if (!schemaSql("sqlite").includes("create table")) throw new Error("schemaSql gives no schema");
  await mounts();
  console.log("every package works");
}

/** Sends one message through a store; it must arrive once, with a signature that verifies. */
async function delivers<Tx>(name: string, store: Store<Tx>): Promise<void> {
  const receiver = await startReceiver();
  const secretKeys = { current: "k1", keys: { k1: Buffer.alloc(32, 1).toString("base64") } };
  const network = { allow: ["127.0.0.1/32"], allowHttp: true };
  const outhook = createOuthook({ store, events, secretKeys, network });
  try {
    await outhook.migrate();
    await outhook.dispatcher.start();
    const tenant = outhook.tenant("acme");
    const { secret } = await tenant.endpoints.create({ url: receiver.url("/hooks"), events: ["order.*"] });
    await tenant.send("order.created", { id: "o_1" });
    const [request] = await receiver.waitFor(1);
    if (request === undefined) throw new Error(`${name}: nothing arrived`);
    const verdict = verifyRequest({ keys: [secret], headers: request.headers, body: request.body, now: Date.now() });
    if (verdict !== "verified") throw new Error(`${name}: ${verdict}`);
  } finally {
    await outhook.close();
    await receiver.close();
  }
}

/** Each mount must answer a request to the API. */
async function mounts(): Promise<void> {
  const outhook = createOuthook({ store: memoryStore(), events, secretKeys: "plaintext" });
  await outhook.migrate();
  const principal: Principal = { tenant: "acme", can: "view" };
  const authenticate = (): Principal => principal;

  const handler = createHandler(outhook, { authenticate });
  mustBeCatalogue("createHandler", await handler(new Request("http://127.0.0.1/event-types")));
  await answers("createListener", createServer(createListener(outhook, { authenticate })), "/event-types");
  const app: RequestListener = express().use("/webhooks", outhookRouter(outhook, { authenticate }));
  await answers("express", createServer(app), "/webhooks/event-types");

  const server = fastify();
  await server.register(outhookPlugin, { prefix: "/webhooks", outhook, authenticate });
  mustBeCatalogue("fastify", await fetch(`${await server.listen({ port: 0 })}/webhooks/event-types`));
  await server.close();

  const hono = new Hono().route("/webhooks", outhookApp(outhook, { authenticate }));
  mustBeCatalogue("hono", await hono.request("/webhooks/event-types"));
  await outhook.close();
}

async function answers(name: string, server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error(`${name} does not listen`);
  mustBeCatalogue(name, await fetch(`http://127.0.0.1:${address.port}${path}`));
  server.closeAllConnections();
  server.close();
}

function mustBeCatalogue(name: string, response: Response): void {
  if (response.status !== 200) throw new Error(`${name} answered with ${response.status}`);
}

const [databaseUrl = "", folder = "."] = process.argv.slice(2);
main(databaseUrl, folder).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
