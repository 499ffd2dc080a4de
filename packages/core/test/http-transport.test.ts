import type { OutgoingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { createHttpTransport } from "../src/http-transport/index.ts";
import { createNetworkPolicy } from "../src/network.ts";
import type { Outcome } from "../src/model.ts";
import { closedPort, listenHttp, listenRaw, textOf } from "./fixtures/listeners.ts";

const policy = createNetworkPolicy({ allow: ["127.0.0.0/8"], allowHttp: true });
const transport = createHttpTransport({ policy });
afterEach(() => transport.close());

const maxBytes = 16 * 1024;
const send = (port: number, timeoutMs = 5_000, path = "/hook"): Promise<Outcome> =>
  transport.send({
    url: `http://127.0.0.1:${port}${path}`,
    headers: { "content-type": "application/json", "webhook-id": "msg_1" },
    body: Buffer.from('{"name":"Zoë"}'),
    timeoutMs,
  });
const chunked = (bytes: number): string => `${bytes.toString(16)}\r\n${"x".repeat(bytes)}\r\n`;
const chunkedHead = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
/** Writes again and again until the connection is gone. */
const flood = (socket: Socket, text: string, everyMs: number): void => {
  const timer = setInterval(() => socket.write(text), everyMs);
  socket.once("close", () => clearInterval(timer));
};
const timed = async (work: Promise<Outcome>): Promise<{ outcome: Outcome; ms: number }> => {
  const startedAt = performance.now();
  const outcome = await work;
  return { outcome, ms: performance.now() - startedAt };
};

describe("a request", () => {
  it("arrives with exactly our headers and body, and the answer comes back", async () => {
    const seen: unknown[] = [];
    const { port } = await listenHttp((request, response) => {
      void textOf(request).then((body) => {
        seen.push({ method: request.method, url: request.url, headers: request.headers, body });
        response.writeHead(202).end("ok");
      });
    });
    expect(await send(port, 5_000, "/hook/%C3%BC?a=1&b")).toEqual({
      kind: "response",
      statusCode: 202,
      retryAfter: null,
      body: "ok",
    });
    expect(seen).toEqual([
      {
        method: "POST",
        url: "/hook/%C3%BC?a=1&b",
        headers: {
          host: `127.0.0.1:${port}`,
          connection: "keep-alive",
          "content-type": "application/json",
          "content-length": "15",
          "webhook-id": "msg_1",
        },
        body: '{"name":"Zoë"}',
      },
    ]);
  });

  it("gets the answer's own text: no decompression, invalid UTF-8 replaced, NUL kept", async () => {
    const { port } = await listenHttp((request, response) => {
      request.resume();
      const gzipped = request.url === "/gzip";
      response.writeHead(200, gzipped ? { "content-encoding": "gzip" } : {});
      response.end(gzipped ? gzipSync("secret") : Buffer.from([0x61, 0x00, 0xff, 0xc3, 0xbc]));
    });
    expect(await send(port)).toMatchObject({ body: "a\u0000\ufffdü" });
    expect(await send(port, 5_000, "/gzip")).toMatchObject({ body: gzipSync("secret").toString() });
  });

  it.each<{ statusCode: number; headers: OutgoingHttpHeaders; retryAfter: string | null }>([
    { statusCode: 301, headers: { location: "http://127.0.0.1:1/" }, retryAfter: null },
    { statusCode: 410, headers: {}, retryAfter: null },
    { statusCode: 429, headers: { "retry-after": "120" }, retryAfter: "120" },
    // Node's own types know no repeated Retry-After, but receivers send it.
    { statusCode: 503, headers: { "Retry-After": ["7", "8"] }, retryAfter: "7" },
    { statusCode: 204, headers: {}, retryAfter: null },
  ])("reports $statusCode as it is", async ({ statusCode, headers, retryAfter }) => {
    const { port } = await listenHttp((_request, response) => void response.writeHead(statusCode, headers).end());
    expect(await send(port)).toEqual({ kind: "response", statusCode, retryAfter, body: "" });
  });

  it("is not repeated where a redirect points", async () => {
    const target = await listenHttp((_request, response) => void response.end());
    for (const status of [301, 302, 303, 307, 308]) {
      const { port } = await listenHttp((_request, response) => {
        response.writeHead(status, { location: `http://127.0.0.1:${target.port}/` }).end();
      });
      expect(await send(port)).toMatchObject({ kind: "response", statusCode: status });
    }
    expect(target.accepted()).toBe(0);
  });

  it("that undici refuses is an error, not an exception", async () => {
    const { port, accepted } = await listenHttp((_request, response) => void response.end());
    const outcome = await transport.send({
      url: `http://127.0.0.1:${port}/`,
      headers: { "webhook-id": "a\r\nb: c" },
      body: Buffer.from("{}"),
      timeoutMs: 1_000,
    });
    expect(outcome).toMatchObject({ kind: "error", errorClass: "network" });
    expect(accepted()).toBe(0);
  });

  it.each([
    { url: "ftp://acme.dev/", errorClass: "invalid_url" },
    { url: "https://10.0.0.1/", errorClass: "blocked_address" },
  ])("to $url does not leave", async ({ url, errorClass }) => {
    const outcome = await transport.send({ url, headers: {}, body: Buffer.from("{}"), timeoutMs: 1_000 });
    expect(outcome).toMatchObject({ kind: "error", errorClass });
  });
});

describe("the status line decides", () => {
  it("keeps the first 16 KiB of an endless body and drops the connection", async () => {
    const { port, sockets } = await listenRaw((socket) => {
      socket.write(chunkedHead);
      flood(socket, chunked(4_000), 1);
    });
    const outcome = await send(port);
    expect(outcome).toEqual({ kind: "response", statusCode: 200, retryAfter: null, body: "x".repeat(maxBytes) });
    await expect.poll(() => sockets.size).toBe(0);
  });

  it("keeps a body of exactly 16 KiB and its connection", async () => {
    const { port, accepted } = await listenHttp((_request, response) => void response.end("y".repeat(maxBytes)));
    for (let n = 0; n < 3; n += 1) expect(await send(port)).toMatchObject({ body: "y".repeat(maxBytes) });
    expect(accepted()).toBe(1);
  });

  it.each([
    { after: "a reset", end: (socket: Socket) => void socket.resetAndDestroy() },
    { after: "an early end", end: (socket: Socket) => void socket.end() },
    { after: "bytes that are no chunk", end: (socket: Socket) => void socket.write("not a chunk\r\n") },
  ])("reports a response whose body is cut short by $after", async ({ end }) => {
    const { port } = await listenRaw((socket) => {
      socket.write(`${chunkedHead}5\r\nhello\r\n`);
      // The reset must not overtake what was written before it.
      setTimeout(end, 30, socket);
    });
    expect(await send(port)).toEqual({ kind: "response", statusCode: 200, retryAfter: null, body: "hello" });
  });

  it("reports a response at the deadline when its body drips", async () => {
    const { port, sockets } = await listenRaw((socket) => {
      socket.write(chunkedHead);
      flood(socket, chunked(1), 20);
    });
    const { outcome, ms } = await timed(send(port, 300));
    expect(outcome).toMatchObject({ kind: "response", statusCode: 200, body: expect.stringMatching(/^x+$/) });
    expect(ms).toBeGreaterThan(290);
    expect(ms).toBeLessThan(800);
    await expect.poll(() => sockets.size).toBe(0);
  });
});

describe("padding without end", () => {
  /** As fast as it goes, until the connection is gone. */
  const pour = (socket: Socket, text: string): void => {
    while (!socket.destroyed && socket.write(text));
    if (!socket.destroyed) socket.once("drain", () => pour(socket, text));
  };

  it.each([
    {
      padding: "responses before the final one",
      head: "",
      text: "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(1_000),
      outcome: {
        kind: "error",
        errorClass: "invalid_response",
        message: "the receiver's answer is not valid HTTP/1.1 (EMSGSIZE)",
      },
    },
    {
      padding: "extensions of chunks",
      head: chunkedHead,
      text: `1;${"a".repeat(30_000)}\r\nx\r\n`,
      outcome: { kind: "response", statusCode: 200, body: expect.stringMatching(/^x{1,20}$/) },
    },
  ])("of $padding ends the exchange long before its deadline", async ({ head, text, outcome }) => {
    const { port, sockets } = await listenRaw((socket) => {
      socket.write(head);
      pour(socket, text);
    });
    const { outcome: actual, ms } = await timed(send(port));
    expect(actual).toMatchObject(outcome);
    expect(ms).toBeLessThan(2_500);
    await expect.poll(() => sockets.size).toBe(0);
  });

  it("is counted for each response alone", async () => {
    const { port, accepted } = await listenRaw((socket) => {
      socket.write(`${chunkedHead}1;${"a".repeat(15_000)}\r\nx\r\n0\r\n\r\n`);
    });
    for (let n = 0; n < 20; n += 1) expect(await send(port)).toMatchObject({ body: "x" });
    expect(accepted()).toBe(1);
  });
});

describe("without a status line", () => {
  it.each([
    { receiver: "answers nothing", onData: () => {} },
    {
      receiver: "sends 103 for ever",
      onData: (socket: Socket) => flood(socket, "HTTP/1.1 103 Early Hints\r\n\r\n", 10),
    },
    {
      receiver: "sends 102 for ever",
      onData: (socket: Socket) => flood(socket, "HTTP/1.1 102 Processing\r\n\r\n", 10),
    },
    {
      receiver: "drips its headers",
      onData: (socket: Socket) => {
        socket.write("HTTP/1.1 200 OK\r\n");
        flood(socket, "a: b\r\n", 20);
      },
    },
  ])("a receiver that $receiver ends as a timeout at the deadline", async ({ onData }) => {
    const { port, sockets } = await listenRaw(onData);
    const { outcome, ms } = await timed(send(port, 300));
    expect(outcome).toEqual({ kind: "error", errorClass: "timeout", message: "no response within 300 ms" });
    expect(ms).toBeGreaterThan(290);
    expect(ms).toBeLessThan(800);
    await expect.poll(() => sockets.size).toBe(0);
  });

  it.each([
    { receiver: "something that is not HTTP", text: "SSH-2.0-OpenSSH_9.2\r\n" },
    { receiver: "a status line that is none", text: "HTTP/1.1 abc\r\n\r\n" },
    { receiver: "a status that is none", text: "HTTP/1.1 099 X\r\n\r\n" },
    { receiver: "two lengths", text: "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n" },
    { receiver: "headers of 1 MiB", text: `HTTP/1.1 200 OK\r\na: ${"b".repeat(1024 * 1024)}\r\n\r\n` },
    { receiver: "100, which nobody asked for", text: "HTTP/1.1 100 Continue\r\n\r\n" },
    {
      receiver: "101, which nobody asked for",
      text: "HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
    },
  ])("a receiver that sends $receiver ends as an invalid response", async ({ text }) => {
    const { port, sockets } = await listenRaw((socket) => void socket.write(text));
    expect(await send(port)).toEqual({
      kind: "error",
      errorClass: "invalid_response",
      message: expect.stringMatching(/^the receiver's answer is not valid HTTP\/1\.1( \(\w+\))?$/),
    });
    await expect.poll(() => sockets.size).toBe(0);
  });

  it.each([
    { how: "resets the connection", onData: (socket: Socket) => void socket.resetAndDestroy() },
    { how: "ends the connection", onData: (socket: Socket) => void socket.end() },
    { how: "ends it in the status line", onData: (socket: Socket) => void socket.end("HTTP/1.1 2") },
  ])("a receiver that $how ends as connection_reset, after one request", async ({ onData }) => {
    const { port, accepted } = await listenRaw(onData);
    expect(await send(port)).toEqual({
      kind: "error",
      errorClass: "connection_reset",
      message: expect.stringMatching(/^the receiver closed the connection before it answered \(\w+\)$/),
    });
    expect(accepted()).toBe(1);
  });

  it("a port that nobody listens on is connection_refused", async () => {
    expect(await send(await closedPort())).toEqual({
      kind: "error",
      errorClass: "connection_refused",
      message: "the receiver refused the connection (ECONNREFUSED)",
    });
  });
});
