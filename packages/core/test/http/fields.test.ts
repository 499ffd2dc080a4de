import { describe, expect, it } from "vitest";
import { OuthookError } from "../../src/errors.ts";
import type { Fields } from "../../src/http/fields.ts";
import { readFields, wireName } from "../../src/http/fields.ts";

const fields: Fields = {
  url: { as: "url", required: true },
  event_patterns: { as: "events" },
  timeout_seconds: { as: "timeoutSeconds", default: 10 },
  enabled: {
    as: "status",
    default: "active",
    read: (value, param) => {
      if (typeof value === "boolean") return value ? "active" : "disabled";
      throw new OuthookError("invalid_body", `${param} is not a boolean`, { param });
    },
  },
  rate_limit: { as: "rateLimit", read: () => undefined },
};

describe("fields", () => {
  it.each([
    { body: { url: "u" }, read: { url: "u", timeoutSeconds: 10, status: "active" } },
    {
      body: { url: null, event_patterns: [], timeout_seconds: 3, enabled: false },
      read: { url: null, events: [], timeoutSeconds: 3, status: "disabled" },
    },
    { body: { url: "u", timeout_seconds: null }, read: { url: "u", timeoutSeconds: null, status: "active" } },
  ])("of $body go by the core's names, with defaults for the absent", ({ body, read }) => {
    expect(readFields(body, fields)).toStrictEqual(read);
  });

  it("that are read as nothing stay absent", () => {
    expect(Object.keys(readFields({ url: "u", rate_limit: null }, fields))).not.toContain("rateLimit");
  });

  it.each([{ body: [] }, { body: null }, { body: "text" }, { body: 7 }, { body: undefined }])(
    "cannot be in $body",
    ({ body }) => {
      expect(() => readFields(body, fields)).toThrow(expect.objectContaining({ code: "malformed_body", param: null }));
    },
  );

  it("that are required must be there, whatever else is wrong", () => {
    expect(() => readFields({ surprise: 1 }, fields)).toThrow(
      expect.objectContaining({ code: "malformed_body", param: "url", message: "url is missing" }),
    );
  });

  it.each([
    { name: "surprise", param: "surprise" },
    { name: "events", param: "events" },
    { name: "constructor", param: "constructor" },
    { name: "__proto__", param: "__proto__" },
    { name: "", param: "" },
  ])("that are not known are refused: '$name'", ({ name, param }) => {
    const body: unknown = JSON.parse(`{"url":"u","${name}":1}`);
    expect(() => readFields(body, fields)).toThrow(expect.objectContaining({ code: "invalid_body", param }));
  });

  it("with long names are refused by short ones", () => {
    const body = { url: "u", ["n\n".repeat(1_000)]: 1 };
    expect(() => readFields(body, fields)).toThrow(
      expect.toSatisfy((error: OuthookError) => (error.param?.length ?? 99) <= 60 && !error.message.includes("\n")),
    );
  });

  it("are listed up to twenty that are not known, however many there are", () => {
    const names = Array.from({ length: 1_000 }, (_, n) => [`x${n}`, n]);
    expect(() => readFields({ url: "u", enabled: 7, ...Object.fromEntries(names) }, fields)).toThrow(
      expect.toSatisfy(({ errors }: OuthookError) => errors.length === 21 && errors.at(-1)?.param === "enabled"),
    );
  });

  it("are refused all at once", () => {
    expect(() => readFields({ url: "u", surprise: 1, enabled: 7 }, fields)).toThrow(
      expect.objectContaining({
        code: "invalid_body",
        param: "surprise",
        errors: [
          expect.objectContaining({ param: "surprise", code: "invalid_body" }),
          { param: "enabled", code: "invalid_body", detail: "enabled is not a boolean" },
        ],
      }),
    );
  });

  it("whose reading fails in another way fail in that way", () => {
    const broken: Fields = {
      url: {
        as: "url",
        read: () => {
          throw new TypeError("a bug");
        },
      },
    };
    expect(() => readFields({ url: "u", surprise: 1 }, broken)).toThrow(TypeError);
  });
});

describe("a place", () => {
  it.each([
    { param: "url", name: "url" },
    { param: "events[2]", name: "event_patterns[2]" },
    { param: 'timeoutSeconds["a b"].c', name: 'timeout_seconds["a b"].c' },
    { param: "event_patterns", name: null },
    { param: "eventsOfMine", name: null },
    { param: "", name: null },
  ])("'$param' of the core is $name of the contract", ({ param, name }) => {
    expect(wireName(param, fields)).toBe(name);
  });
});
