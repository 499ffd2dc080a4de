import { gzipSync } from "node:zlib";
import type { ApiRequest, HttpCase, HttpCaseGroup } from "../case.ts";
import { expectStatus } from "../steps.ts";

type Row = readonly [id: string, why: string, request: ApiRequest, statuses: readonly number[]];

const text = (body: string, contentType?: string | null): ApiRequest => ({ body, contentType });
const bytes = (base64: string): ApiRequest => ({ body: Buffer.from(base64, "base64") });

/** 10 KiB that would be 10 MiB. */
const bomb = (): Uint8Array => gzipSync(Buffer.alloc(10 * 1_048_576));

const refused: readonly Row[] = [
  ["body-269", "empty body on POST", text(""), [400]],
  ["body-270", "truncated", text("{"), [400]],
  ["body-271", "trailing comma", text('{"url":"https://acme.dev/",}'), [400]],
  ["body-272", "single quotes", text("{'url':'x'}"), [400]],
  ["body-275", "array", text("[]"), [400, 422]],
  ["body-276", "string", text('"x"'), [400, 422]],
  ["body-277", "number", text("1"), [400, 422]],
  [
    "body-279",
    "case variant is an unknown field",
    text('{"url":"https://acme.dev/","URL":"https://127.0.0.1/"}'),
    [400, 422],
  ],
  [
    "body-283",
    "chunked, no content-length",
    { body: { chunks: Array.from({ length: 160 }, () => new Uint8Array(65_536).fill(0x20)) } },
    [413],
  ],
  ["body-284", "UTF-8 BOM before an object without a URL", bytes("77u/e30="), [400]],
  ["body-285", "byte FF", bytes("eyJhIjoi/yJ9"), [400]],
  ["body-286", "CESU surrogate bytes", bytes("eyJhIjoi7aCAIn0="), [400]],
  ["body-287", "UTF-16LE body", bytes("//57AH0A"), [400, 415]],
  [
    "body-291",
    "mass assignment",
    text('{"url":"https://acme.dev/","id":"ep_1","disabled":false,"createdAt":0}'),
    [400, 422],
  ],
  [
    "body-292",
    "policy is the operator's, never the tenant's",
    text('{"url":"https://acme.dev/","allowPrivateNetworks":true}'),
    [400, 422],
  ],
  ["body-295", 'also the CSRF "simple request" hole', text("{}", "text/plain"), [415]],
  ["body-296", "CSRF simple request", text("url=https://acme.dev/", "application/x-www-form-urlencoded"), [415]],
  ["body-297", "CSRF simple request", text("{}", "multipart/form-data; boundary=x"), [415]],
  ["body-298", "missing", text("{}", null), [415]],
  ["body-299", "charset", text("{}", "application/json; charset=utf-16"), [415]],
  ["body-300", "two types", { ...text("{}", "application/json, text/plain"), early: "server" }, [415]],
  ["body-301", "claimed gzip, is not", { ...text("{}"), headers: { "content-encoding": "gzip" } }, [400, 415]],
  ["body-302", "decompression bomb", { body: bomb(), headers: { "content-encoding": "gzip" } }, [413, 415]],
  ["body-303", "object where string", text('{"url":{"toString":"x"}}'), [400, 422]],
  ["body-304", "string boolean is not coerced", text('{"disabled":"false"}'), [400, 422]],
  ["body-305", "Infinity", text('{"maxAttempts":1e999}'), [400, 422]],
];

/** Bodies of a POST. That no answer leaks (body-309) is checked of every one. */
export const bodyInputs: HttpCaseGroup = {
  group: "input body",
  cases: [
    ...refused.map(([id, why, request, statuses]): HttpCase => ({
      name: `${id}: ${why}`,
      run: async (api) => {
        const reply = await api.unchanged(() => api.send("POST /endpoints", { early: "parser", ...request }));
        if (reply.ours) expectStatus(reply, ...statuses);
      },
    })),
    {
      name: "body-308: JSON whitespace",
      run: async (api) => {
        expectStatus(await api.send("POST /endpoints", text(' \n{"url":"https://acme.dev/"}\n')), 201);
      },
    },
  ],
};
