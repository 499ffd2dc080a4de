import { describe, expect, it } from "vitest";
import { OuthookError } from "../../src/errors.ts";
import type { ErrorCode } from "../../src/errors.ts";
import type { Contract, Fault, Operation } from "../../src/http/contract.ts";
import { faultOf } from "../../src/http/faults.ts";
import { problemKinds } from "../../src/http/problems.ts";

const contract: Contract = {
  operations: [],
  error: ({ status }) => ({ status }),
  idempotencyHeaders: ["x-idempotency-key", "idempotency-key"],
};
const operation: Operation = {
  method: "POST",
  path: "/hooks/{id}",
  can: "manage",
  fields: { event_patterns: { as: "events" } },
  query: { limit: "page_size", startingAfter: "after_id" },
  perform: async () => ({ status: 200 }),
};

function fault(error: OuthookError, of: Operation | null = operation): Fault {
  return faultOf(error, { contract, operation: of, names: "core", instance: "urn:uuid:1" });
}

describe("the place of a fault", () => {
  it.each([
    { param: "events[2]", detail: "events[2] is 7", name: "event_patterns[2]", place: "body" },
    { param: "limit", detail: "limit is 0", name: "page_size", place: "query" },
    { param: "startingAfter", detail: "startingAfter is 1", name: "after_id", place: "query" },
    { param: "idempotencyKey", detail: "idempotencyKey is used", name: "x-idempotency-key", place: "header" },
    { param: "id", detail: "id is unknown", name: "id", place: "path" },
    { param: "surprise", detail: "surprise is no field", name: "surprise", place: "body" },
    { param: "constructor", detail: "constructor is no field", name: "constructor", place: "body" },
  ])("$param is $name in the $place", ({ param, detail, name, place }) => {
    expect(fault(new OuthookError("invalid_body", detail, { param }))).toEqual({
      code: "invalid_body",
      status: 422,
      title: "Invalid request body",
      detail: detail.replace(param, name),
      param: name,
      place,
      errors: [{ param: name, place, code: "invalid_body", detail: detail.replace(param, name) }],
      instance: "urn:uuid:1",
    });
  });

  it.each([
    { code: "unsupported_media_type", param: "content-type", place: "header" },
    { code: "idempotency_key_invalid", param: "x-idempotency-key", place: "header" },
    { code: "invalid_body", param: "events", place: "body" },
    { code: "malformed_body", param: "limit", place: "body" },
  ] as const)("is not translated a second time before the core is asked: $param", ({ code, param, place }) => {
    const error = new OuthookError(code, `${param} is wrong`, { param });
    const found = faultOf(error, { contract, operation, names: "contract", instance: "urn:uuid:1" });
    expect(found).toMatchObject({ param, place, detail: `${param} is wrong` });
  });

  it("stays in the words of a text that does not begin with it", () => {
    const error = new OuthookError("invalid_events", "there are too many events", { param: "events" });
    expect(fault(error)).toMatchObject({ detail: "there are too many events", param: "event_patterns" });
  });

  it("is none where no value is to blame", () => {
    expect(fault(new OuthookError("forbidden", "no"))).toMatchObject({ param: null, place: null, errors: [] });
  });

  it("has the core's name before there is an operation", () => {
    const error = new OuthookError("invalid_events", "events is 7", { param: "events" });
    expect(fault(error, null)).toMatchObject({ param: "events", place: "body", detail: "events is 7" });
  });
});

describe("several faults", () => {
  it("are each under the contract's name, with a code of its own or of the whole", () => {
    const errors = [
      { param: "events[0]", detail: "events[0] is 7" },
      { param: "limit", detail: "limit is 0", code: "invalid_limit" },
    ] as const;
    expect(fault(new OuthookError("invalid_events", "events[0] is 7", { errors }))).toMatchObject({
      detail: "event_patterns[0] is 7",
      param: "event_patterns[0]",
      errors: [
        { param: "event_patterns[0]", place: "body", detail: "event_patterns[0] is 7", code: "invalid_events" },
        { param: "page_size", place: "query", detail: "page_size is 0", code: "invalid_limit" },
      ],
    });
  });
});

describe("what is not the caller's", () => {
  const codes = (Object.keys(problemKinds) as ErrorCode[]).filter((code) => problemKinds[code].status >= 500);

  it.each(codes.map((code) => ({ code })))("is not told: $code", ({ code }) => {
    const secrets = { param: "tenant", hint: "tenant acme", errors: [{ param: "tenant", detail: "acme" }] };
    const told = fault(new OuthookError(code, "tenant acme on 10.0.0.7: disk full", secrets));
    expect(told).toMatchObject({ code, param: null, place: null, errors: [] });
    expect(told.detail).not.toMatch(/acme|10\.0|disk/);
  });

  it("is not told of what is the caller's either: the operator's hint", () => {
    const error = new OuthookError("not_found", "there is no endpoint", { hint: "looked in tenant acme" });
    expect(JSON.stringify(fault(error))).not.toContain("acme");
  });
});
