import { once } from "node:events";
import { createServer } from "node:http";
import { connect as connect2, createServer as createServer2 } from "node:http2";
import type { Server } from "node:net";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import type { Contract, Operation, Reply } from "../../src/http/index.ts";
import { createEndpoint, standardContract } from "../../src/http/index.ts";
import { createOuthook, memoryStore } from "../../src/index.ts";
import { createListener } from "../../src/node/index.ts";

const json = { "content-type": "application/json" };
const body = '{"url":"https://hooks.example.com/","description":"é🔑"}';

type Logged = { readonly error: string; readonly message: string };

async function listenerOf(contract: Contract) {
  const logged: Logged[] = [];
  const outhook = createOuthook({
    store: memoryStore(),
    secretKeys: "plaintext",
    logger: {
      warn: () => undefined,
      error: ({ error }, message) => void logged.push({ error: String(error), message }),
    },
  });
  await outhook.migrate();
  const listener = createListener(outhook, { contract, authenticate: () => ({ tenant: "acme", can: "manage" }) });
  return { listener, logged };
}

async function listening(server: Server, run: (port: number) => Promise<void>): Promise<void> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  try {
    await run(address.port);
  } finally {
    server.close();
  }
}

/** Serves a contract, and gives what it has logged. */
async function serving(contract: Contract, run: (url: string) => Promise<void>): Promise<readonly Logged[]> {
  const { listener, logged } = await listenerOf(contract);
  await listening(createServer(listener), async (port) => await run(`http://127.0.0.1:${port}`));
  return logged;
}

/** Sends these lines and gives all that comes back. */
async function answerTo(url: string, lines: readonly string[]): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.end([...lines, "host: localhost", "connection: close", "", ""].join("\r\n"));
  return await text(socket);
}

function operation(path: string, reply: Reply): Operation {
  return { method: "GET", path, can: "view", fields: null, perform: async () => reply };
}

describe("createListener", () => {
  it("serves node:http2", async () => {
    const { listener } = await listenerOf(standardContract);
    const server = createServer2((request, response) => listener(request as never, response));
    await listening(server, async (port) => {
      const session = connect2(`http://127.0.0.1:${port}`);
      const stream = session.request({ ":method": "POST", ":path": "/endpoints", ...json });
      stream.end(body);
      const [headers] = await once(stream, "response");
      expect(headers[":status"]).toBe(201);
      expect(JSON.parse(await text(stream))).toMatchObject({ description: "é🔑", status: "active" });
      session.close();
    });
  });

  it("looks only at the path of a target that names a whole URL", async () => {
    await serving(standardContract, async (url) => {
      const found = await answerTo(url, ["GET http://evil.example/endpoints?limit=1 HTTP/1.1"]);
      expect(found).toMatch(/^HTTP\/1\.1 200 /);
      expect(found).toContain('{"data":[],"has_more":false}');
      expect(await answerTo(url, ["GET http://evil.example HTTP/1.1"])).toMatch(/^HTTP\/1\.1 404 /);
    });
  });

  it("sends nothing with a 204", async () => {
    const contract = { ...standardContract, operations: [operation("/gone", { status: 204, body: { id: 1 } })] };
    await serving(contract, async (url) => {
      const [head, sent] = (await answerTo(url, ["GET /gone HTTP/1.1"])).split("\r\n\r\n");
      expect(head).toMatch(/^HTTP\/1\.1 204 /);
      expect([head, sent]).toEqual([
        expect.not.stringMatching(/^(?:content-length|content-type|transfer-encoding):/im),
        "",
      ]);
    });
  });

  it("finds idempotency keys in headers however the contract spells them", async () => {
    const contract: Contract = {
      operations: [
        createEndpoint({
          route: "POST /hooks",
          fields: { url: { as: "url" } },
          reply: ({ endpoint: { id } }) => ({ id }),
        }),
      ],
      error: ({ status }) => ({ status }),
      idempotencyHeaders: ["Idempotency-Key", "X-Request-Key"],
    };
    await serving(contract, async (url) => {
      for (const name of ["idempotency-key", "x-request-key"]) {
        const init = {
          method: "POST",
          headers: { ...json, [name]: name },
          body: '{"url":"https://hooks.example.com/"}',
        };
        const first: unknown = await (await fetch(`${url}/hooks`, init)).json();
        expect(await (await fetch(`${url}/hooks`, init)).json()).toEqual(first);
      }
    });
  });

  it.each([
    {
      what: "whose error throws",
      error: () => {
        throw new Error("a mistake in the contract");
      },
      path: "/nothing",
      says: /a mistake in the contract/,
    },
    { what: "whose error has no status", error: () => ({ status: 99 }), path: "/nothing", says: /the status 99/ },
    { what: "whose error has no JSON", error: () => ({ status: 500, body: 1n }), path: "/nothing", says: /BigInt/ },
    { what: "with a broken header", error: () => ({ status: 500 }), path: "/broken", says: /Invalid character/ },
  ])("survives a contract $what: a bare 500, and logged", async ({ error, path, says }) => {
    const operations = [
      operation("/fine", { status: 200, body: {} }),
      operation("/broken", { status: 200, headers: { "x-a": "a\r\nb" } }),
    ];
    const logged = await serving({ operations, error }, async (url) => {
      const response = await fetch(url + path);
      expect([response.status, await response.text()]).toEqual([500, ""]);
      expect((await fetch(`${url}/fine`)).status).toBe(200);
    });
    expect(logged.at(-1)).toEqual({
      error: expect.stringMatching(says),
      message: expect.stringContaining("the contract of the management API failed"),
    });
  });
});
