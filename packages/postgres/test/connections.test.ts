import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import pg from "pg";
import { expect, it, onTestFinished } from "vitest";
import type { PostgresStoreOptions } from "../src/index.ts";
import { postgresStore } from "../src/index.ts";

/** A message of the protocol. https://www.postgresql.org/docs/current/protocol-message-formats.html */
function frame(type: string, content: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(length.length + content.length);
  return Buffer.concat([Buffer.from(type), length, content]);
}

/** Authenticated, ready for a query, and ended by an administrator: in one packet, as they come when they come fast. */
const greeting = Buffer.concat([
  frame("R", Buffer.alloc(4)),
  frame("Z", Buffer.from("I")),
  frame("E", Buffer.from("SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0")),
]);

/** The URL of a server that ends each connection as soon as it is there. */
async function startEndingServer(): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined).once("data", () => socket.end(greeting));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return `postgres://outhook@127.0.0.1:${port}/postgres`;
}

it.each<{ whose: string; open: (url: string) => PostgresStoreOptions }>([
  { whose: "the host's pool", open: (url) => ({ pool: new pg.Pool({ connectionString: url }) }) },
  { whose: "the store's own pool", open: (url) => ({ connectionString: url }) },
])("connections of $whose that end in the moment in which they come do not end the process", async ({ open }) => {
  const uncaught: unknown[] = [];
  const listener = (error: unknown): void => void uncaught.push(error);
  process.on("uncaughtException", listener);
  onTestFinished(() => void process.removeListener("uncaughtException", listener));

  const options = open(await startEndingServer());
  const store = postgresStore(options);
  await expect(store.upkeep.identity()).rejects.toMatchObject({ code: "store_unavailable" });
  await store.close();
  if (options.pool instanceof pg.Pool) await options.pool.end();
  expect(uncaught).toEqual([]);
});
