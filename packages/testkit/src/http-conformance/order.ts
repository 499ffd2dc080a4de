import type { ErrorCode } from "@outhook/core";
import type { ApiRequest, HttpCase, HttpCaseGroup, Setup } from "./case.ts";
import { maxBodyBytes } from "./sizes.ts";
import { expectRefusal, hookUrl, unknownId } from "./steps.ts";

/** A request that is wrong in two ways, and which of them is answered. */
type Pair = {
  readonly name: string;
  readonly route: string;
  readonly request?: ApiRequest;
  readonly setup?: Setup;
  readonly refusal: readonly [status: number, code: ErrorCode];
};

const create = "POST /endpoints";
const early = "parser";
const oversize = new Uint8Array(maxBodyBytes + 1).fill(0x7b);
const exhausted: Setup = { rateLimit: () => ({ retryAfterSeconds: 1 }) };

const pairs: readonly Pair[] = [
  {
    name: "credentials before the rate limit",
    route: create,
    request: { as: null },
    setup: exhausted,
    refusal: [401, "unauthenticated"],
  },
  {
    name: "credentials before the path",
    route: "GET /nothing",
    request: { as: null },
    refusal: [401, "unauthenticated"],
  },
  { name: "the rate limit before the path", route: "GET /nothing", setup: exhausted, refusal: [429, "rate_limited"] },
  {
    name: "the path before the permission",
    route: "POST /nothing",
    request: { as: "viewer", json: {} },
    refusal: [404, "not_found"],
  },
  {
    name: "the method before the permission",
    route: "PUT /endpoints",
    request: { as: "viewer", json: {} },
    refusal: [405, "method_not_allowed"],
  },
  {
    name: "the permission before the media type",
    route: create,
    request: { as: "viewer", body: "{", contentType: "text/plain", early },
    refusal: [403, "forbidden"],
  },
  {
    name: "the permission before the size",
    route: create,
    request: { as: "viewer", body: oversize, early },
    refusal: [403, "forbidden"],
  },
  {
    name: "the media type before the size",
    route: create,
    request: { body: oversize, contentType: "text/plain", early },
    refusal: [415, "unsupported_media_type"],
  },
  {
    name: "the size before the form",
    route: create,
    request: { body: oversize, early },
    refusal: [413, "body_too_large"],
  },
  {
    name: "what is missing before what is wrong",
    route: create,
    request: { json: { nothing: 1, events: 2 } },
    refusal: [400, "malformed_body"],
  },
  {
    name: "the idempotency key before what is wrong",
    route: create,
    request: { headers: { "idempotency-key": "a b" }, json: { url: hookUrl, nothing: 1 } },
    refusal: [400, "idempotency_key_invalid"],
  },
  {
    name: "the form before whether it exists",
    route: `PATCH /endpoints/${unknownId}`,
    request: { body: "{", early },
    refusal: [400, "malformed_body"],
  },
];

export const orderCases: HttpCaseGroup = {
  group: "order",
  cases: pairs.map(({ name, route, request = {}, setup, refusal }): HttpCase => ({
    name,
    setup,
    run: async (api) => await expectRefusal(api, route, request, refusal),
  })),
};
