import { describe, expect, it } from "vitest";
import type { Call, CallBody } from "../../src/http/call.ts";
import { readJson } from "../../src/http/json-body.ts";

const json: Readonly<Record<string, string>> = { "content-type": "application/json" };

function call(input: {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: CallBody | string;
}): Call<null> {
  const { method = "POST", headers = json, body = "" } = input;
  const read: CallBody = typeof body === "string" ? { kind: "bytes", bytes: Buffer.from(body) } : body;
  return {
    method,
    path: "/",
    query: "",
    header: (name) => headers[name] ?? null,
    readBody: async (maxBytes) => {
      expect(maxBytes).toBe(1_048_576);
      return read;
    },
    native: null,
  };
}

const nested = (depth: number, inside = ""): string => "[".repeat(depth) + inside + "]".repeat(depth);

describe("a body is read", () => {
  it.each([
    { what: "an object", body: '{"a":[1]}', value: { a: [1] } },
    { what: "a bare value", body: "7", value: 7 },
    { what: "nothing", body: "", value: {} },
    { what: "a byte order mark before it", body: '\uFEFF{"a":1}', value: { a: 1 } },
    { what: "a field twice, of which the last counts", body: '{"a":1,"a":2}', value: { a: 2 } },
    { what: "64 levels", body: nested(64), value: JSON.parse(nested(64)) },
    { what: "64 levels around a value", body: nested(64, "7"), value: JSON.parse(nested(64, "7")) },
  ])("with $what", async ({ body, value }) => {
    expect(await readJson(call({ body }))).toEqual(value);
  });

  it("without reaching for prototypes", async () => {
    const value = await readJson(call({ body: '{"__proto__":{"polluted":1}}' }));
    expect(Object.keys(Object(value))).toEqual(["__proto__"]);
    expect(Object(value).polluted).toBeUndefined();
  });

  it.each([
    { method: "POST", contentType: "application/json; charset=utf-8" },
    { method: "POST", contentType: 'Application/JSON; charset="UTF-8"; profile=x' },
    { method: "PATCH", contentType: "application/json" },
    { method: "PATCH", contentType: "application/merge-patch+json" },
  ])("for $method with $contentType", async ({ method, contentType }) => {
    expect(await readJson(call({ method, headers: { "content-type": contentType }, body: "{}" }))).toEqual({});
  });

  it("as an empty object when there is neither a body nor a content type", async () => {
    expect(await readJson(call({ headers: {} }))).toEqual({});
  });

  it("from what the framework has parsed already", async () => {
    expect(await readJson(call({ body: { kind: "parsed", value: { a: 1 } } }))).toEqual({ a: 1 });
  });
});

describe("a body is refused", () => {
  it.each([
    { why: "another content type", headers: { "content-type": "text/plain" }, body: "{}" },
    { why: "a content type that only begins like JSON", headers: { "content-type": "application/jsonp" }, body: "{}" },
    { why: "a merge patch that is posted", headers: { "content-type": "application/merge-patch+json" }, body: "{}" },
    { why: "another character set", headers: { "content-type": "application/json; charset=latin1" }, body: "{}" },
    { why: "compression", headers: { ...json, "content-encoding": "gzip" }, body: "{}" },
    { why: "no content type", headers: {}, body: "{}" },
    {
      why: "no content type from a browser, without a body too",
      headers: { origin: "https://evil.example" },
      body: "",
    },
  ])("as unsupported_media_type for $why", async ({ headers, body }) => {
    await expect(readJson(call({ headers, body }))).rejects.toMatchObject({ code: "unsupported_media_type" });
  });

  it.each([
    { why: "no JSON", body: "{" },
    { why: "two values", body: "{}{}" },
    { why: "white space only", body: " " },
    { why: "65 levels", body: nested(65) },
    { why: "100,000 levels", body: nested(100_000) },
    { why: "no UTF-8", body: { kind: "bytes", bytes: Uint8Array.of(0x22, 0xff, 0x22) } as const },
    { why: "an end before the end", body: { kind: "aborted" } as const },
    { why: "100,000 levels parsed already", body: { kind: "parsed", value: JSON.parse(nested(100_000)) } as const },
  ])("as malformed_body for $why", async ({ body }) => {
    await expect(readJson(call({ body }))).rejects.toMatchObject({ code: "malformed_body" });
  });

  it("as a mistake of the host, with a hint, when it was read before", async () => {
    await expect(readJson(call({ body: { kind: "consumed" } }))).rejects.toMatchObject({
      code: "internal",
      hint: expect.stringContaining("mount the API before"),
    });
  });

  it("as body_too_large when it is", async () => {
    await expect(readJson(call({ body: { kind: "too_large" } }))).rejects.toMatchObject({ code: "body_too_large" });
  });
});
