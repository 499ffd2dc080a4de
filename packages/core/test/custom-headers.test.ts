import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openHeaders, parseHeaders, patchHeaders, sealHeaders } from "../src/custom-headers.ts";
import type { OuthookError } from "../src/errors.ts";
import { createSecretBox } from "../src/secret-box.ts";
import { acceptedHeaders, refusedHeaders } from "./fixtures/bad-headers.ts";

const create = { removal: false };
const update = { removal: true };

function refusalOf(work: () => unknown): OuthookError {
  try {
    work();
  } catch (error) {
    return error as OuthookError;
  }
  throw new Error("it was accepted");
}

function numbered(count: number): Readonly<Record<string, string>> {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`x-${n}`, "1"]));
}

describe("custom headers", () => {
  it.each(refusedHeaders)("refuse $id: $why", ({ input }) => {
    const { code, param, detail } = refusalOf(() => parseHeaders(input, create));
    expect(code).toBe("invalid_headers");
    expect(param).toMatch(/^headers(\[".*"\])?$/);
    expect(detail.startsWith(param ?? "?")).toBe(true);
  });

  it.each(acceptedHeaders)("accept $id: $why", ({ input, headers }) => {
    expect(parseHeaders(input, create)).toEqual(headers);
  });

  it.each([
    { input: { Host: "x" }, says: 'headers["Host"] cannot be set, as it belongs to the connection; leave it out' },
    {
      input: { "User-Agent": "x" },
      says: 'headers["User-Agent"] cannot be set, as it is set for each request; leave it out',
    },
    { input: { cookie: "a=b" }, says: 'headers["cookie"] cannot be set, as webhooks carry no cookies; leave it out' },
    { input: { "x:a": "1" }, says: 'headers["x:a"] is not a name that HTTP allows; use letters, digits and hyphens' },
    { input: { "X-A": "1", "x-a": "2" }, says: 'headers["x-a"] is there twice; names differ by more than case' },
    { input: { "x-a": 7 }, says: 'headers["x-a"] is 7; a value is one text' },
    { input: numbered(21), says: "headers would be 21; an endpoint has at most 20" },
    { input: new Map([["x-a", "1"]]), says: "headers is an object; it is an object of texts by name" },
    { input: new Headers({ "x-a": "1" }), says: "headers is an object; it is an object of texts by name" },
    { input: "x-a: 1", says: 'headers is "x-a: 1"; it is an object of texts by name' },
    {
      input: JSON.parse('{"__proto__":"1"}'),
      says: 'headers has the name "__proto__", which is reserved; choose another',
    },
    { input: { prototype: "1" }, says: 'headers has the name "prototype", which is reserved; choose another' },
  ])("name the place and the fix: $says", ({ input, says }) => {
    expect(refusalOf(() => parseHeaders(input, create)).message).toBe(says);
  });

  it.each([
    "Keep-Alive",
    "TE",
    "Transfer-Encoding",
    "Upgrade",
    "Connection",
    "HTTP2-Settings",
    "Proxy-Connection",
    "Set-Cookie",
    "Date",
    "Accept-Encoding",
    "Metadata",
    "Metadata-Flavor",
    "X-aws-ec2-metadata-token-ttl-seconds",
    "X-Amz-Date",
    "X-Goog-Metadata-Request",
    "X-Google-Metadata-Request",
    "X-Identity-Header",
    "x-aliyun-ecs-metadata-token",
    ":authority",
    "X-\u212aey",
    "webhook_signature",
    "Content_Type",
    "Transfer_Encoding",
    "X_Amz_Date",
  ])("refuse %s too", (name) => {
    expect(refusalOf(() => parseHeaders({ [name]: "1" }, create)).code).toBe("invalid_headers");
    expect(refusalOf(() => parseHeaders({ [name.toUpperCase()]: "1" }, create)).code).toBe("invalid_headers");
  });

  it.each([
    "Authorization",
    "X-Api-Key",
    "X-Webhook-Token",
    "Accept",
    "Hostess",
    "X-Host",
    "Idempotency-Key",
    "X-Metadata",
  ])("let %s through", (name) => {
    expect(parseHeaders({ [name]: "1" }, create)).toEqual({ [name.toLowerCase()]: "1" });
  });

  it.each(["1\r\n", "\u00a01", "\ufeff1", "1\u2028", "1\v", "1\x7f"])(
    "refuse the value %j, which is not just trimmed",
    (value) => {
      expect(refusalOf(() => parseHeaders({ "x-a": value }, create)).detail).toMatch(/neither visible ASCII/);
    },
  );

  it("never show a value in a message", () => {
    const { message } = refusalOf(() => parseHeaders({ authorization: "hunter2\u00e9" }, create));
    expect(message).not.toContain("hunter2");
  });

  it("take the longest name and value and not one character more", () => {
    const longest = { ["a".repeat(100)]: "v".repeat(4_096) };
    expect(parseHeaders(longest, create)).toEqual(longest);
    expect(refusalOf(() => parseHeaders({ ["a".repeat(101)]: "1" }, create)).message).toMatch(/101.*100/);
    expect(refusalOf(() => parseHeaders({ a: "v".repeat(4_097) }, create)).message).toMatch(/4097.*4096/);
  });

  it("are refused at once however long they are", () => {
    const began = performance.now();
    refusalOf(() => parseHeaders({ "x-a": `a${" ".repeat(10_000_000)}a` }, create));
    refusalOf(() => parseHeaders({ [`x${"-".repeat(10_000_000)}é`]: "1" }, create));
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  it("come out as something that any HTTP client sends as it is", () => {
    const names = fc.string({ unit: fc.constantFrom(..."aAzZ09-_!: \r\n\0ä"), maxLength: 6 });
    const values = fc.string({ unit: fc.constantFrom(..."aZ09 \t~!\r\n\0é\u2028"), maxLength: 8 });
    fc.assert(
      fc.property(fc.dictionary(names, values), (input) => {
        let parsed: unknown;
        try {
          parsed = parseHeaders(input, create);
        } catch {
          return;
        }
        for (const [name, value] of Object.entries(parsed ?? {})) {
          expect(name).toMatch(/^[a-z0-9!_-]+$/);
          expect(value).toMatch(/^([!-~]([\t -~]*[!-~])?)?$/);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("a change of custom headers", () => {
  const current = { "x-a": "1", "x-b": "2" };

  it.each([
    { patch: { "X-C": " 3 " }, after: { "x-a": "1", "x-b": "2", "x-c": "3" } },
    { patch: { "X-A": "one" }, after: { "x-a": "one", "x-b": "2" } },
    { patch: { "X-A": null }, after: { "x-b": "2" } },
    { patch: { "x-unknown": null }, after: current },
    { patch: {}, after: current },
    { patch: null, after: {} },
  ])("$patch leaves $after", ({ patch, after }) => {
    expect(patchHeaders(current, parseHeaders(patch, update))).toEqual(after);
  });

  it("may not set a name and remove it in another case", () => {
    expect(refusalOf(() => parseHeaders({ "X-A": "1", "x-a": null }, update)).detail).toMatch(/twice/);
  });

  it("counts what stays, and not what goes", () => {
    const full = patchHeaders({}, parseHeaders(numbered(20), create));
    expect(refusalOf(() => patchHeaders(full, parseHeaders({ "x-one-more": "1" }, update))).detail).toMatch(/21.*20/);
    expect(patchHeaders(full, parseHeaders({ "x-one-more": "1", "x-0": null }, update))).not.toHaveProperty("x-0");
  });
});

describe("stored custom headers", () => {
  const secretBox = createSecretBox({ current: "k1", keys: { k1: Buffer.alloc(32, "key") } });
  const endpoint = { tenant: "acme", id: "ep_1" };

  it("are sealed as one text, which opens for their endpoint alone", () => {
    const headers = { "x-b": "2", authorization: "Bearer hunter2" };
    const stored = sealHeaders(headers, endpoint, secretBox);
    expect(stored.headerNames).toEqual(["authorization", "x-b"]);
    expect(stored.sealedHeaders).toMatch(/^v1\.k1\./);
    expect(openHeaders({ ...endpoint, ...stored }, secretBox)).toEqual(headers);
    for (const other of [
      { tenant: "acme", id: "ep_2" },
      { tenant: "globex", id: "ep_1" },
    ]) {
      expect(refusalOf(() => openHeaders({ ...other, ...stored }, secretBox)).code).toBe("internal");
    }
  });

  it("are nothing at all where there are none", () => {
    const stored = sealHeaders({}, endpoint, secretBox);
    expect(stored).toEqual({ headerNames: [], sealedHeaders: null });
    expect(openHeaders({ ...endpoint, ...stored }, secretBox)).toEqual({});
  });

  it("that were readable and are damaged are named, and not quoted", () => {
    const plain = createSecretBox("plaintext");
    const refusal = refusalOf(() => openHeaders({ ...endpoint, sealedHeaders: "plain.hunter2" }, plain));
    expect(refusal.message).toMatch(/^the text of the custom headers of endpoint ep_1 is not JSON; /);
    expect(inspect(refusal)).not.toContain("hunter2");
  });
});
