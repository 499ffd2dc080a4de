import { describe, expect, it } from "vitest";
import type { Call } from "../../src/http/call.ts";
import { idempotencyKeyOf } from "../../src/http/idempotency-header.ts";

function call(headers: Readonly<Record<string, string>>): Call<null> {
  return {
    method: "POST",
    path: "/",
    query: "",
    header: (name) => headers[name] ?? null,
    readBody: async () => ({ kind: "aborted" }),
    native: null,
  };
}

describe("an idempotency key", () => {
  it.each([
    { sent: "key-1", key: "key-1" },
    { sent: " key-1\t", key: "key-1" },
    { sent: '"key-1"', key: "key-1" },
    { sent: String.raw`"a\"b\\c"`, key: String.raw`a"b\c` },
    { sent: '"', key: '"' },
    { sent: 'a"b"', key: 'a"b"' },
    { sent: "~".repeat(255), key: "~".repeat(255) },
    { sent: `"${"~".repeat(255)}"`, key: "~".repeat(255) },
  ])("is read from $sent", ({ sent, key }) => {
    expect(idempotencyKeyOf(call({ "idempotency-key": sent }), ["idempotency-key"])).toBe(key);
  });

  it.each([
    { sent: "" },
    { sent: '""' },
    { sent: "a b" },
    { sent: '"a b"' },
    { sent: "key-1, key-2" },
    { sent: "ключ" },
    { sent: "a\u0000" },
    { sent: "~".repeat(256) },
  ])("is not '$sent'", ({ sent }) => {
    expect(() => idempotencyKeyOf(call({ "idempotency-key": sent }), ["idempotency-key"])).toThrow(
      expect.objectContaining({ code: "idempotency_key_invalid", param: "idempotency-key" }),
    );
  });

  it("is that of the first header that is there", () => {
    const names = ["idempotency-key", "x-idempotency-key"];
    expect(idempotencyKeyOf(call({ "x-idempotency-key": "b" }), names)).toBe("b");
    expect(idempotencyKeyOf(call({ "x-idempotency-key": "b", "idempotency-key": "a" }), names)).toBe("a");
    expect(idempotencyKeyOf(call({}), names)).toBeUndefined();
    expect(idempotencyKeyOf(call({ "idempotency-key": "a" }), [])).toBeUndefined();
  });
});
