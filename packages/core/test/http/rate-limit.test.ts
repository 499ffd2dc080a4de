import { describe, expect, it } from "vitest";
import { rateLimitHeaders } from "../../src/http/rate-limit.ts";

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
