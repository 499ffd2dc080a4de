import { describe, expect, it } from "vitest";
import { parseRateLimit, rateLimitHeaders } from "../../src/http/rate-limit.ts";

describe("the headers of a rate limit", () => {
  it.each([
    { result: { ok: true } as const, headers: {} },
    { result: { ok: true, limit: 100 } as const, headers: { "ratelimit-limit": "100" } },
    {
      result: { ok: true, limit: 100, remaining: 99, resetSeconds: 59.1 } as const,
      headers: { "ratelimit-limit": "100", "ratelimit-remaining": "99", "ratelimit-reset": "60" },
    },
    {
      result: { ok: true, limit: 100, remaining: -1, resetSeconds: -1 } as const,
      headers: { "ratelimit-limit": "100", "ratelimit-remaining": "0", "ratelimit-reset": "0" },
    },
    { result: { ok: true, remaining: 99, resetSeconds: 60 } as const, headers: {} },
    { result: { retryAfterSeconds: 0.2 }, headers: { "retry-after": "1" } },
    { result: { ok: false, retryAfterSeconds: -5 } as const, headers: { "retry-after": "0" } },
    {
      result: { retryAfterSeconds: 30, limit: 100 },
      headers: {
        "ratelimit-limit": "100",
        "ratelimit-remaining": "0",
        "ratelimit-reset": "30",
        "retry-after": "30",
      },
    },
  ])("for $result are $headers", ({ result, headers }) => {
    expect(rateLimitHeaders(result)).toEqual(headers);
  });
});

describe("what a hook says", () => {
  it.each([
    { said: { ok: true } },
    { said: { ok: true, limit: 100, remaining: 0, resetSeconds: 0.5 } },
    { said: { ok: true, remaining: -1, resetSeconds: -0.1 } },
    { said: { ok: false, retryAfterSeconds: 30, limit: 100 } },
    { said: { retryAfterSeconds: 0 } },
  ])("is taken: $said", ({ said }) => {
    expect(parseRateLimit(said)).toEqual(said);
  });

  it.each([
    { said: undefined, named: "neither" },
    { said: null, named: "neither" },
    { said: true, named: "neither" },
    { said: 30, named: "neither" },
    { said: {}, named: "neither" },
    { said: { ok: false }, named: "neither" },
    { said: { ok: "true" }, named: "neither" },
    { said: { retryAfterSeconds: NaN }, named: "retryAfterSeconds: NaN" },
    { said: { retryAfterSeconds: Infinity }, named: "retryAfterSeconds: Infinity" },
    { said: { retryAfterSeconds: null }, named: "retryAfterSeconds: null" },
    { said: { retryAfterSeconds: "30" }, named: 'retryAfterSeconds: "30"' },
    { said: { ok: true, limit: "100\r\nset-cookie: a=b" }, named: String.raw`limit: "100\r\nset-cookie: a=b"` },
    { said: { ok: true, limit: "100\r\n" }, named: String.raw`limit: "100\r\n"` },
    { said: { ok: true, limit: [100] }, named: "limit: an array" },
    { said: { ok: true, limit: 100, remaining: NaN }, named: "remaining: NaN" },
    { said: { ok: true, limit: 100, resetSeconds: Infinity }, named: "resetSeconds: Infinity" },
  ])("is refused by its name: $named", ({ said, named }) => {
    const message = expect.stringContaining(`rateLimit returned ${named}`);
    expect(() => parseRateLimit(said)).toThrow(expect.objectContaining({ code: "internal", message }));
  });
});
