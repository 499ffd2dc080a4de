import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createHttpTransport } from "../src/http-transport/index.ts";
import type { NetworkPolicy } from "../src/network.ts";
import { createNetworkPolicy } from "../src/network.ts";
import {
  certificate,
  cleanUp,
  closedPort,
  listenHttp,
  listenRaw,
  listenTls,
  runProcess,
} from "./fixtures/listeners.ts";
import { resolveBy, resolveTo, send, victim } from "./fixtures/resolving.ts";

describe("the address guard", () => {
  it.each(["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "127.0.0.1.", "localhost", "a.localhost"])(
    "does not let a request to http://%s reach a listener that is not open, and does when it is",
    async (host) => {
      const { port, accepted } = await victim();
      const url = `http://${host}:${port}/hook`;
      // The tenant reads the message: it says nothing that is for the operator.
      const message = expect.not.stringMatching(/operator|network:/);
      expect(await send({}, url)).toEqual({ kind: "error", errorClass: "blocked_address", message });
      expect(await send({ allow: ["10.0.0.0/8"] }, url)).toMatchObject({ errorClass: "blocked_address" });
      expect(accepted()).toBe(0);
      const control = await send({ allow: ["127.0.0.1/32", "::ffff:7f00:1/128"] }, url);
      expect(control).toMatchObject({ kind: "response", statusCode: 200 });
      expect(accepted()).toBe(1);
    },
  );

  it.each([
    { answer: ["127.0.0.1"], why: "a private address" },
    { answer: ["8.8.8.8", "127.0.0.1"], why: "a public and a private address" },
    { answer: ["127.0.0.1", "8.8.8.8"], why: "a private and a public address" },
    { answer: ["::ffff:127.0.0.1"], why: "an IPv4-mapped address" },
    { answer: ["64:ff9b::7f00:1"], why: "a NAT64 address" },
  ])("refuses a name that resolves to $why, and never says which", async ({ answer }) => {
    const { port, accepted } = await victim();
    const { lookups } = resolveTo(answer);
    expect(await send({}, `http://hooks.acme.dev:${port}/`)).toEqual({
      kind: "error",
      errorClass: "blocked_address",
      message: "the host hooks.acme.dev leads to an address that is not public",
    });
    expect(lookups()).toBe(1);
    expect(accepted()).toBe(0);
  });

  it("resolves a name once for a connection, so that a second answer cannot differ", async () => {
    const { port, accepted } = await victim();
    const { lookups } = resolveTo(["127.0.0.1"], ["127.0.0.2"]);
    expect(await send({ allow: ["127.0.0.1/32"] }, `http://hooks.acme.dev:${port}/`)).toMatchObject({
      statusCode: 200,
    });
    expect(lookups()).toBe(1);
    expect(await send({ allow: ["127.0.0.1/32"] }, `http://hooks.acme.dev:${port}/`)).toMatchObject({
      errorClass: "blocked_address",
    });
    expect(accepted()).toBe(1);
  });

  it("takes localhost for those of 127.0.0.1 and ::1 that are open", async () => {
    const { port, accepted } = await listenHttp((_request, response) => void response.end("ok"), "::1");
    const url = `http://localhost:${port}/`;
    expect(await send({ allow: ["127.0.0.1/32"] }, url)).toMatchObject({ errorClass: "connection_refused" });
    expect(accepted()).toBe(0);
    expect(await send({ allow: ["127.0.0.1/32", "::1/128"] }, url)).toMatchObject({ statusCode: 200 });
  });

  it("takes the next address when the first refuses", async () => {
    const { port } = await victim();
    resolveTo(["127.0.0.2", "127.0.0.1"]);
    expect(await send({ allow: ["127.0.0.0/8"] }, `http://hooks.acme.dev:${port}/`)).toMatchObject({ statusCode: 200 });
  });

  it("checks a literal again when it is dialled, since the check of its URL is remembered", async () => {
    const { port, accepted } = await victim();
    const closed = createNetworkPolicy({ allowHttp: true, ports: "any" });
    const forgetful: NetworkPolicy = { ...closed, checkUrl: (text) => new URL(String(text)) };
    const transport = createHttpTransport({ policy: forgetful });
    cleanUp(() => transport.close());
    for (const host of ["127.0.0.1", "[::ffff:127.0.0.1]"]) {
      const url = `http://${host}:${port}/`;
      const outcome = await transport.send({ url, headers: {}, body: Buffer.from("{}"), timeoutMs: 5_000 });
      expect(outcome).toMatchObject({ errorClass: "blocked_address" });
    }
    expect(accepted()).toBe(0);
  });

  it("sends no byte to a peer that is not the one it checked", async () => {
    const received: Buffer[] = [];
    const { port, sockets } = await listenRaw((_socket, chunk) => void received.push(chunk));
    const policy = createNetworkPolicy({ allow: ["127.0.0.0/8"], allowHttp: true });
    const closed = createNetworkPolicy();
    let checks = 0;
    const turncoat: NetworkPolicy = {
      ...policy,
      checkAddress: () => {
        checks += 1;
        return checks === 1 ? { allowed: true } : closed.checkAddress("127.0.0.1", 443);
      },
    };
    for (const scheme of ["http", "https"]) {
      checks = 0;
      const transport = createHttpTransport({ policy: turncoat });
      cleanUp(() => transport.close());
      const url = `${scheme}://127.0.0.1:${port}/`;
      const outcome = await transport.send({ url, headers: {}, body: Buffer.from("{}"), timeoutMs: 5_000 });
      expect(outcome).toMatchObject({ errorClass: "blocked_address" });
    }
    await expect.poll(() => sockets.size).toBe(0);
    expect(received).toEqual([]);
  });

  it("reports a name that nobody knows as dns", async () => {
    expect(await send({}, "https://nonexistent.invalid/hook")).toEqual({
      kind: "error",
      errorClass: "dns",
      message: expect.stringMatching(/^the host name could not be resolved \((ENOTFOUND|EAI_\w+)\)$/),
    });
  });

  it("counts the time that the resolver takes", async () => {
    resolveBy(() => {});
    expect(await send({}, "https://hooks.acme.dev/", 50)).toMatchObject({ errorClass: "timeout" });
  });
});

describe("TLS", () => {
  it("refuses a certificate that nobody trusts, and sends nothing", async () => {
    const { port } = await listenTls();
    expect(await send({ allow: ["127.0.0.0/8"] }, `https://127.0.0.1:${port}/`)).toEqual({
      kind: "error",
      errorClass: "tls",
      message: "the TLS handshake with the receiver failed (DEPTH_ZERO_SELF_SIGNED_CERT)",
    });
  });

  it.each(["127.0.0.1", "localhost", "acme.localhost"])(
    "accepts the certificate for %s when it is among `ca`",
    async (host) => {
      const { port } = await listenTls();
      const outcome = await send({ allow: ["127.0.0.1/32"], ca: certificate }, `https://${host}:${port}/`);
      expect(outcome).toEqual({ kind: "response", statusCode: 200, retryAfter: null, body: "ok" });
    },
  );

  it("keeps a connection for the next request", async () => {
    const { port, accepted } = await listenTls();
    const transport = createHttpTransport({
      policy: createNetworkPolicy({ allow: ["127.0.0.1/32"], ca: [certificate] }),
    });
    cleanUp(() => transport.close());
    for (let n = 0; n < 5; n += 1) {
      await transport.send({
        url: `https://localhost:${port}/`,
        headers: {},
        body: Buffer.from("{}"),
        timeoutMs: 5_000,
      });
    }
    expect(accepted()).toBe(1);
  });

  it("refuses a certificate for another name", async () => {
    const { port } = await listenTls("127.0.0.2");
    resolveTo(["127.0.0.2"]);
    const options = { allow: ["127.0.0.0/8"], ca: certificate };
    for (const host of ["127.0.0.2", "hooks.acme.dev"]) {
      expect(await send(options, `https://${host}:${port}/`)).toMatchObject({
        errorClass: "tls",
        message: expect.stringContaining("ERR_TLS_CERT_ALTNAME_INVALID"),
      });
    }
  });

  it("reports a listener that does not speak TLS as tls", async () => {
    const { port } = await victim();
    expect(await send({ allow: ["127.0.0.0/8"] }, `https://127.0.0.1:${port}/`)).toMatchObject({ errorClass: "tls" });
  });

  it("ends a handshake that stalls at the deadline", async () => {
    const { port, sockets } = await listenRaw(() => {});
    expect(await send({ allow: ["127.0.0.0/8"] }, `https://127.0.0.1:${port}/`, 100)).toMatchObject({
      errorClass: "timeout",
    });
    await expect.poll(() => sockets.size).toBe(0);
  });

  it("is not weakened by the environment", async () => {
    const { port } = await listenTls();
    const source = `
      import { createHttpTransport } from TRANSPORT;
      import { createNetworkPolicy } from NETWORK;
      const transport = createHttpTransport({ policy: createNetworkPolicy({ allow: ["127.0.0.0/8"] }) });
      const url = "https://127.0.0.1:${port}/";
      console.log(JSON.stringify(await transport.send({ url, headers: {}, body: Buffer.from("{}"), timeoutMs: 5000 })));
    `;
    expect(await runProcess(source, { NODE_TLS_REJECT_UNAUTHORIZED: "0" })).toMatchObject({ errorClass: "tls" });
  });
});

describe("a diversion", () => {
  it.each(["socketPath", "path"])("by a polluted Object.prototype.%s does not happen", async (property) => {
    const folder = await mkdtemp(join(tmpdir(), "outhook-"));
    const socketPath = join(folder, "x.sock");
    let diverted = 0;
    const trap = createServer((socket) => {
      diverted += 1;
      socket.destroy();
    }).listen(socketPath);
    await once(trap, "listening");
    cleanUp(async () => {
      await new Promise((resolve) => trap.close(resolve));
      await rm(folder, { recursive: true });
    });
    const plain = await victim();
    const tls = await listenTls();
    const source = `
      import { createHttpTransport } from TRANSPORT;
      import { createNetworkPolicy } from NETWORK;
      const ca = ${JSON.stringify(certificate)};
      const transport = createHttpTransport({ policy: createNetworkPolicy({ allow: ["127.0.0.0/8"], allowHttp: true, ca }) });
      const send = (url) => transport.send({ url, headers: {}, body: Buffer.from("{}"), timeoutMs: 5000 });
      await send("http://127.0.0.1:${await closedPort()}/"); // Loads undici: Node cannot import with a polluted path.
      Object.prototype[${JSON.stringify(property)}] = ${JSON.stringify(socketPath)};
      const outcomes = [await send("http://127.0.0.1:${plain.port}/"), await send("https://localhost:${tls.port}/")];
      console.log(JSON.stringify(outcomes.map(({ statusCode, message }) => statusCode ?? message)));
    `;
    expect(await runProcess(source)).toEqual([200, 200]);
    expect(diverted).toBe(0);
  });

  it("by a proxy in the environment does not happen", async () => {
    const proxy = await victim();
    const receiver = await victim();
    const source = `
      import { createHttpTransport } from TRANSPORT;
      import { createNetworkPolicy } from NETWORK;
      const transport = createHttpTransport({ policy: createNetworkPolicy({ allow: ["127.0.0.0/8"], allowHttp: true }) });
      const url = "http://127.0.0.1:${receiver.port}/";
      console.log(JSON.stringify(await transport.send({ url, headers: {}, body: Buffer.from("{}"), timeoutMs: 5000 })));
    `;
    const url = `http://127.0.0.1:${proxy.port}`;
    const env = {
      NODE_USE_ENV_PROXY: "1",
      HTTP_PROXY: url,
      HTTPS_PROXY: url,
      ALL_PROXY: url,
      http_proxy: url,
      NO_PROXY: "",
    };
    expect(await runProcess(source, env)).toMatchObject({ statusCode: 200 });
    expect([proxy.accepted(), receiver.accepted()]).toEqual([0, 1]);
  });

  it("by a host that put a proxy under its own fetch does not happen, and that host keeps it", async () => {
    const receiver = await victim();
    const source = `
      import { createHttpTransport } from TRANSPORT;
      import { createNetworkPolicy } from NETWORK;
      const key = Symbol.for("undici.globalDispatcher.1");
      const own = { dispatch() { throw new Error("diverted"); } };
      const { fetch } = globalThis;
      globalThis[key] = own;
      const transport = createHttpTransport({ policy: createNetworkPolicy({ allow: ["127.0.0.0/8"], allowHttp: true }) });
      const url = "http://127.0.0.1:${receiver.port}/";
      const { statusCode } = await transport.send({ url, headers: {}, body: Buffer.from("{}"), timeoutMs: 5000 });
      console.log(JSON.stringify({ statusCode, isKept: globalThis[key] === own && globalThis.fetch === fetch }));
    `;
    expect(await runProcess(source)).toEqual({ statusCode: 200, isKept: true });
  });

  it("of the host's fetch does not happen either, if it was never used before", async () => {
    const { port } = await victim();
    const source = `
      import { createHttpTransport } from TRANSPORT;
      import { createNetworkPolicy } from NETWORK;
      const key = Symbol.for("undici.globalDispatcher.1");
      const transport = createHttpTransport({ policy: createNetworkPolicy({ allow: ["127.0.0.0/8"], allowHttp: true }) });
      const url = "http://127.0.0.1:${port}/";
      const before = globalThis[key];
      await transport.send({ url, headers: {}, body: Buffer.from("{}"), timeoutMs: 5000 });
      const isKept = globalThis[key] === before;
      console.log(JSON.stringify({ isKept, text: await (await fetch(url)).text() }));
    `;
    expect(await runProcess(source)).toEqual({ isKept: true, text: "ok" });
  });

  it("does not reach a port that nobody opened", async () => {
    expect(await send({ allow: ["127.0.0.0/8"] }, `https://localhost:${await closedPort()}/`)).toMatchObject({
      errorClass: "connection_refused",
    });
  });
});
