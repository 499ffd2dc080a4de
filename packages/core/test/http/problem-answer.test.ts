import { describe, expect, it } from "vitest";
import { problemAnswer } from "../../src/http/index.ts";
import { createOuthook, memoryStore, OuthookError } from "../../src/index.ts";

function answerTo(error: OuthookError) {
  const logged: (readonly [Readonly<Record<string, unknown>>, string])[] = [];
  const log = (details: Readonly<Record<string, unknown>>, message: string) => void logged.push([details, message]);
  const outhook = createOuthook({
    store: memoryStore(),
    secretKeys: "plaintext",
    logger: { warn: log, error: log },
  });
  const { status, headers, body } = problemAnswer(outhook, error);
  return { status, headers, problem: JSON.parse(body ?? ""), logged };
}

describe("the answer to an error of Outhook in a host's own route", () => {
  it("is a problem with the code's status, the place and every value to blame", () => {
    const errors = [
      { param: "data.id", detail: "missing" },
      { param: "data.amount", detail: "too small" },
    ];
    const { status, headers, problem, logged } = answerTo(
      new OuthookError("invalid_payload", "data does not fit", { hint: "only for the operator", errors }),
    );
    expect(status).toBe(422);
    expect(headers).toEqual({
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    expect(problem).toEqual({
      type: expect.stringMatching(/\/invalid_payload\.md$/),
      title: "Invalid payload",
      status: 422,
      detail: "data does not fit",
      instance: expect.stringMatching(/^urn:uuid:/),
      code: "invalid_payload",
      param: "data.id",
      errors: errors.map((one) => ({ ...one, code: "invalid_payload" })),
    });
    expect(logged).toEqual([]);
  });

  it.each([
    { code: "unauthenticated", status: 401, header: { "www-authenticate": "Bearer" } },
    { code: "store_busy", status: 503, header: { "retry-after": "1" } },
  ] as const)("to $code tells in a header what to do", ({ code, status, header }) => {
    expect(answerTo(new OuthookError(code, "no"))).toMatchObject({ status, headers: header });
  });

  it.each(["unsupported_transaction", "store_unavailable", "internal"] as const)(
    "to %s says nothing of the cause, which is logged under the same instance",
    (code) => {
      const error = new OuthookError(code, "table outhook_messages at 10.0.0.7", { param: "tx" });
      const { status, problem, logged } = answerTo(error);
      expect(status).toBeGreaterThanOrEqual(500);
      expect(JSON.stringify(problem)).not.toMatch(/outhook_messages|10\.0\.0\.7|"tx"/);
      expect(logged).toEqual([[{ error, instance: problem.instance }, "a request was answered with a server error"]]);
    },
  );
});
