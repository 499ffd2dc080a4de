import type { ErrorCode } from "@outhook/core";
import assert from "node:assert/strict";
import type { ApiRequest, HttpCase, HttpCaseGroup } from "./case.ts";
import { maxBodyBytes } from "./sizes.ts";
import { addEndpoint, expectProblem, expectRefusal, expectStatus, hookUrl, listed } from "./steps.ts";

const early = "parser";
const create = JSON.stringify({ url: hookUrl });

const malformed: readonly { readonly what: string; readonly body: string | Uint8Array }[] = [
  { what: "half of an object", body: create.slice(0, -1) },
  { what: "two objects", body: create + create },
  { what: "a list", body: `[${create}]` },
  { what: "a text", body: '"x"' },
  { what: "a number", body: "1" },
  { what: "null", body: "null" },
  { what: "white space alone", body: " \n" },
  { what: "NaN", body: `{"url":"${hookUrl}","max_retries":NaN}` },
  { what: "a comment", body: `{"url":"${hookUrl}"/**/}` },
  { what: "UTF-16", body: Buffer.from(`\ufeff${create}`, "utf16le") },
  { what: "lists 100,000 levels deep", body: "[".repeat(100_000) + "]".repeat(100_000) },
  { what: "objects 100,000 levels deep", body: '{"a":'.repeat(100_000) + "1" + "}".repeat(100_000) },
  { what: "65 levels", body: `{"url":"${hookUrl}","metadata":${'{"a":'.repeat(64)}1${"}".repeat(65)}` },
];

const mediaTypes: readonly (string | null)[] = [
  "text/plain",
  "text/json",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "application/jsonp",
  "application/json; charset=utf-16",
  "application/json; charset=latin1",
  null,
];

/** Not even of the form of a media type, which a framework may refuse itself. */
const malformedTypes: readonly string[] = ["", "application/json, text/plain", "json"];

export const bodyCases: HttpCaseGroup = {
  group: "bodies",
  cases: [
    ...malformed.map(({ what, body }) => refused(`${what} is malformed`, { body }, [400, "malformed_body"])),
    ...mediaTypes.map((contentType) =>
      refused(
        `${contentType === null ? "no media type" : `"${contentType}"`} is not JSON`,
        { body: create, contentType },
        [415, "unsupported_media_type"],
      ),
    ),
    ...malformedTypes.map((contentType) =>
      refused(`"${contentType}" is no media type`, { body: create, contentType, early: "server" }, [
        415,
        "unsupported_media_type",
      ]),
    ),
    ...[
      "application/json; charset=utf-8",
      "Application/JSON;charset=UTF-8",
      'application/json; charset="utf-8"; v=1',
    ].map((contentType): HttpCase => ({
      name: `${contentType} is JSON`,
      run: async (api) => {
        expectStatus(await api.send("POST /endpoints", { body: create, contentType }), 201);
      },
    })),
    refused("a compressed body is not taken", { body: create, headers: { "content-encoding": "br" } }, [
      415,
      "unsupported_media_type",
    ]),
    refused("more bytes than the limit", { body: create.padEnd(maxBodyBytes + 1) }, [413, "body_too_large"]),
    refused("more bytes than the limit, in chunks", { body: { chunks: spaces(maxBodyBytes + 1) } }, [
      413,
      "body_too_large",
    ]),
    {
      name: "a body that is far too large is refused by its length, before it arrives",
      run: async (api) => {
        const body = { part: "{", ofBytes: 10 * maxBodyBytes };
        if (api.bodies === "raw") await expectRefusal(api, "POST /endpoints", { body }, [413, "body_too_large"]);
      },
    },
    {
      name: "exactly the limit is taken",
      run: async (api) => {
        const body = create.padEnd(maxBodyBytes);
        const reply = await api.send("POST /endpoints", { body, early });
        if (reply.ours) expectStatus(reply, 201);
      },
    },
    {
      name: "others are answered as before after one that was too large",
      run: async (api) => {
        const body = { chunks: spaces(4 * maxBodyBytes) };
        expectProblem(await api.send("POST /endpoints", { body, early }), 413, "body_too_large");
        for (let n = 0; n < 3; n += 1) expectStatus(await api.send("GET /endpoints"), 200);
      },
    },
    {
      name: "a caller that goes away in the middle of a body harms nobody",
      run: async (api) => {
        await api.unchanged(async () => {
          for (const part of ["{", create]) await api.abort("POST /endpoints", { body: { part, ofBytes: 500 } });
          for (let n = 0; n < 3; n += 1) expectStatus(await api.send("GET /endpoints"), 200);
        });
        assert.deepEqual(api.logged, [], "it is no fault of the server");
        await addEndpoint(api);
      },
    },
    {
      name: "a body in small chunks is put together, also within a character",
      run: async (api) => {
        const bytes = Buffer.from(JSON.stringify({ url: hookUrl, description: "é🔑" }));
        const body = { chunks: Array.from(bytes, (byte) => Uint8Array.of(byte)) };
        const reply = expectStatus(await api.send("POST /endpoints", { body }), 201);
        assert.equal(reply.body["description"], "é🔑");
      },
    },
    {
      name: "bytes that are not UTF-8 are refused, not replaced",
      run: async (api) => {
        for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x94]]) {
          const parts = [`{"url":"${hookUrl}","description":"`, Uint8Array.from(bytes), '"}'];
          const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
          // A host's parser may have replaced them before anybody else could see them.
          if (api.bodies === "raw") await expectRefusal(api, "POST /endpoints", { body }, [400, "malformed_body"]);
        }
      },
    },
    {
      name: "a byte order mark is skipped",
      run: async (api) => {
        expectStatus(await api.send("POST /endpoints", { body: `\ufeff${create}` }), 201);
      },
    },
    {
      name: "JSON white space around and between is fine",
      run: async (api) => {
        expectStatus(await api.send("POST /endpoints", { body: `\r\n\t { "url" :\n"${hookUrl}" } \n` }), 201);
      },
    },
    {
      name: "of a field given twice the last one counts",
      run: async (api) => {
        const body = `{"url":"http://a.example/","url":"${hookUrl}"}`;
        assert.equal(expectStatus(await api.send("POST /endpoints", { body }), 201).body["url"], hookUrl);
        const other = `{"url":"${hookUrl}","url":"http://a.example/"}`;
        await expectRefusal(api, "POST /endpoints", { body: other }, [422, "invalid_url", "url"]);
      },
    },
    {
      name: "__proto__ and constructor are names like any other, and pollute nothing",
      run: async (api) => {
        const evil = '{"polluted":true}';
        for (const name of ["__proto__", "constructor", "prototype"]) {
          const body = `{"url":"${hookUrl}","${name}":${evil}}`;
          await expectRefusal(api, "POST /endpoints", { body, early }, [422, "invalid_body", name]);
          const metadata = `{"url":"${hookUrl}","metadata":{"${name}":${evil}}}`;
          await expectRefusal(api, "POST /endpoints", { body: metadata, early }, [422, "invalid_metadata", "metadata"]);
        }
        assert.equal(Reflect.get({}, "polluted"), undefined);
        await addEndpoint(api);
        assert.equal((await listed(api)).length, 1);
      },
    },
    {
      name: "a POST without a body and its media type has no fields, unless a browser sent it",
      run: async (api) => {
        const { id } = await addEndpoint(api);
        const route = `POST /endpoints/${id}/secret/rotate`;
        expectStatus(await api.send(route), 200);
        const headers = { origin: "https://evil.example" };
        await expectRefusal(api, route, { headers }, [415, "unsupported_media_type"]);
        expectStatus(await api.send(route, { headers, json: {} }), 200);
      },
    },
  ],
};

function refused(name: string, request: ApiRequest, refusal: readonly [number, ErrorCode]): HttpCase {
  return { name, run: async (api) => await expectRefusal(api, "POST /endpoints", { early, ...request }, refusal) };
}

/** So many bytes of white space, in pieces of 64 KiB. */
function spaces(size: number): readonly Uint8Array[] {
  const piece = new Uint8Array(65_536).fill(0x20);
  const whole = Array.from({ length: Math.floor(size / piece.length) }, () => piece);
  return [...whole, piece.slice(0, size % piece.length)];
}
