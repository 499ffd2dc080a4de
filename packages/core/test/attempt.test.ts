import { describe, expect, it } from "vitest";
import { attemptOf } from "../src/attempt.ts";

describe("attemptOf", () => {
  it("records a response by its status and body", () => {
    expect(attemptOf({ kind: "response", statusCode: 503, retryAfter: "120", body: "later" })).toEqual({
      statusCode: 503,
      errorClass: null,
      error: null,
      responseBody: "later",
    });
  });

  it("replaces U+0000 in a response, which Postgres would refuse", () => {
    expect(attemptOf({ kind: "response", statusCode: 200, retryAfter: null, body: "a\0b\0" })).toMatchObject({
      responseBody: "a\uFFFDb\uFFFD",
    });
  });

  it("records an error by its class and sentence", () => {
    expect(attemptOf({ kind: "error", errorClass: "timeout", message: "no answer within 15 s" })).toEqual({
      statusCode: null,
      errorClass: "timeout",
      error: "no answer within 15 s",
      responseBody: null,
    });
  });

  it("records nothing for a local outcome", () => {
    expect(attemptOf({ kind: "local", message: "no descriptors left" })).toBeNull();
  });
});
