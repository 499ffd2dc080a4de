import type { IncomingHttpHeaders } from "node:http";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { nodeCall } from "../../src/node/index.ts";

const json = '{"description":"é🔑"}';
const bytes = Buffer.from(json);
const limit = 1_000;

/** What every framework's request is like: a stream with a method and plain headers. */
function incoming(chunks: readonly Buffer[] = [bytes], headers: IncomingHttpHeaders = {}) {
  return Object.assign(Readable.from(chunks, { objectMode: false }), { method: "POST", headers });
}

/** One whose end does not come by itself. */
function unfinished() {
  const stream = new Readable({ read: () => undefined });
  stream.push('{"description":');
  return Object.assign(stream, { method: "POST", headers: {} });
}

function read(
  request: ReturnType<typeof incoming>,
  input: { readonly body?: unknown; readonly stream?: Readable } = {},
) {
  return nodeCall(request, { url: "/", native: null, ...input }).readBody(limit);
}

describe("a header", () => {
  it("is read of plain headers, which is all that some requests have", () => {
    const request = incoming([], { "content-type": "application/json", "set-cookie": ["a", "b"] });
    const { header } = nodeCall(request, { url: "/", native: null });
    expect(["content-type", "set-cookie", "origin"].map(header)).toEqual(["application/json", "a,b", null]);
  });
});

describe("a body that nobody has read", () => {
  const wanted = { kind: "bytes", bytes };
  const inPieces = Array.from(bytes, (byte) => Buffer.of(byte));

  it("is read", async () => {
    expect(await read(incoming())).toEqual(wanted);
    expect(await read(incoming([]))).toEqual({ kind: "bytes", bytes: Buffer.of() });
  });

  it.each(["utf8", "latin1", "hex", "base64"] as const)(
    "is the same when the host has set the encoding %s",
    async (encoding) => {
      const request = incoming(inPieces).setEncoding(encoding);
      expect(await read(request)).toEqual(wanted);
    },
  );

  it("is read also where the host has paused the request", async () => {
    const request = incoming();
    request.pause();
    expect(await read(request)).toEqual(wanted);
  });

  it.each([{ body: undefined }, { body: null }, { body: {} }])(
    "is read where a parser left $body",
    async ({ body }) => {
      expect(await read(incoming(), { body })).toEqual(wanted);
    },
  );

  it("is read where the host says", async () => {
    const request = incoming([Buffer.from("what was sent")]);
    expect(await read(request, { stream: incoming() })).toEqual(wanted);
    expect(request.readableDidRead).toBe(false);
  });

  it("is too large by its declared length, before it is read", async () => {
    const request = incoming([bytes], { "content-length": String(limit + 1) });
    expect(await read(request)).toEqual({ kind: "too_large" });
    expect(request.readableDidRead).toBe(false);
  });

  it("is too large by what comes, and its rest flows into nothing", async () => {
    const request = incoming(Array.from({ length: 5 }, () => Buffer.alloc(limit)));
    const ended = new Promise((resolve) => request.once("end", resolve));
    expect(await read(request)).toEqual({ kind: "too_large" });
    await ended;
  });
});

describe("a body that somebody has read", () => {
  it.each([
    { body: {}, found: { kind: "parsed", value: {} } },
    { body: { a: 1 }, found: { kind: "parsed", value: { a: 1 } } },
    { body: [], found: { kind: "parsed", value: [] } },
    { body: false, found: { kind: "parsed", value: false } },
    { body: json, found: { kind: "bytes", bytes } },
    { body: bytes, found: { kind: "bytes", bytes } },
    { body: Buffer.of(), found: { kind: "bytes", bytes: Buffer.of() } },
    { body: "x".repeat(limit + 1), found: { kind: "too_large" } },
  ])("is what was made of it: $body", async ({ body, found }) => {
    const request = incoming();
    await text(request);
    expect(await read(request, { body })).toEqual(found);
  });

  it("and kept nothing of it is consumed", async () => {
    const request = incoming();
    await text(request);
    expect(await read(request)).toEqual({ kind: "consumed" });
  });
});

describe("a body whose caller goes away", () => {
  it.each([
    { how: "without a word", reason: undefined },
    { how: "by an error", reason: new Error("ECONNRESET") },
  ])("$how in the middle of it is aborted", async ({ reason }) => {
    const request = unfinished();
    const body = read(request);
    request.destroy(reason);
    expect(await body).toEqual({ kind: "aborted" });
  });

  it("before it was wanted is aborted", async () => {
    const request = unfinished();
    request.destroy();
    expect(await read(request)).toEqual({ kind: "aborted" });
    await new Promise((resolve) => request.once("close", resolve));
    expect(await read(request)).toEqual({ kind: "aborted" });
  });
});
