import { describe, expect, it } from "vitest";
import type { EndpointRules } from "../src/endpoint-input.ts";
import { parseEndpointPatch, parseNewEndpoint } from "../src/endpoint-input.ts";
import type { OuthookError } from "../src/errors.ts";
import { patchMetadata } from "../src/metadata.ts";
import { createNetworkPolicy } from "../src/network.ts";
import { acceptedFields, refusedFields } from "./fixtures/bad-fields.ts";

const rules: EndpointRules = { catalogue: null, policy: createNetworkPolicy(), maxTimeoutSeconds: 60 };
const url = "https://hooks.example.com/";
/** What plain JavaScript can pass where the types forbid it. */
const js = (value: unknown) => value as never;

function refusalOf(work: () => unknown): OuthookError {
  try {
    work();
  } catch (error) {
    return error as OuthookError;
  }
  throw new Error("it was accepted");
}

describe("the fields of an endpoint", () => {
  it.each(refusedFields)("refuse $id: $why", ({ field, input }) => {
    for (const refusal of [
      refusalOf(() => parseNewEndpoint(js({ url, [field]: input }), rules)),
      refusalOf(() => parseEndpointPatch(js({ [field]: input }), rules)),
    ]) {
      expect(refusal.code).toBe(`invalid_${field}`);
      expect(refusal.detail.startsWith(refusal.param ?? "?")).toBe(true);
      expect(refusal.message.length).toBeLessThan(400);
    }
  });

  it.each(acceptedFields)("accept $id: $why", ({ field, input, stored }) => {
    expect(parseNewEndpoint(js({ url, [field]: input }), rules)[field]).toEqual(stored);
    expect(parseEndpointPatch(js({ [field]: input }), rules)[field]).toEqual(stored);
  });

  it.each([
    { fields: { description: "a\tb\r\nc" }, why: "tabs and line ends" },
    { fields: { description: "x".repeat(500) }, why: "500 characters" },
    { fields: { description: "\u{1F600}" }, why: "a whole surrogate pair" },
    { fields: { metadata: { "a key": "\u001b[2J", b: "" } }, why: "any text but NUL in metadata" },
    { fields: { metadata: null, headers: null }, why: "null for none" },
  ])("accept $why", ({ fields }) => {
    expect(parseNewEndpoint({ url, ...fields }, rules)).toMatchObject(fields);
  });

  it.each([
    { fields: { description: "a\u0085b" }, says: /description holds "\\u\{85\}", a control character/ },
    { fields: { description: "x".repeat(501) }, says: /description has 501 characters.*500/ },
    { fields: { metadata: { a: "\0" } }, says: /metadata\["a"\] holds a NUL/ },
    { fields: { metadata: { a: "\ud800" } }, says: /metadata\["a"\] holds a NUL or half of a surrogate pair/ },
    { fields: { metadata: { a: null } }, says: /metadata\["a"\] is null; a value is text/ },
    { fields: { metadata: { "a\nb": "" } }, says: /metadata has the key "a\\nb"; keys are texts of 1 to 40/ },
    {
      fields: { metadata: JSON.parse('{"__proto__":"x"}') },
      says: /metadata has the name "__proto__", which is reserved/,
    },
    { fields: { metadata: new Map() }, says: /metadata is an object; it is an object of texts/ },
    {
      fields: { metadata: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, ""])) },
      says: /metadata would have 51 keys; at most 50/,
    },
    { fields: { events: Array(2) }, says: /events\[0\] is undefined/ },
    { fields: { status: "paused" }, says: /status is "paused"; it is "active" or "disabled"/ },
    { fields: { signingVersion: "v2", secret: "whsec_x" }, says: /^signingVersion is "v2"; it is "v1" or "v1a"$/ },
  ])("refuse $fields", ({ fields, says }) => {
    expect(refusalOf(() => parseNewEndpoint(js({ url, ...fields }), rules)).message).toMatch(says);
  });

  it("are absent where they are not given", () => {
    expect(new Set(Object.values(parseEndpointPatch({}, rules)))).toEqual(new Set([undefined]));
  });
});

describe("several faults", () => {
  const faulty = { url: "https://10.0.0.8/", timeoutSeconds: 2, events: ["loan.active", "loan."], metadata: { a: 1 } };

  it("are told at once, each by place, code and detail, under the first one's code", () => {
    const { code, detail, param, errors } = refusalOf(() => parseNewEndpoint(js(faulty), rules));
    expect(errors).toMatchObject([
      { param: "url", code: "blocked_address" },
      { param: "events[1]", code: "invalid_events" },
      { param: "timeoutSeconds", code: "invalid_timeout" },
      { param: 'metadata["a"]', code: "invalid_metadata" },
    ]);
    expect({ code, detail, param }).toEqual({ ...errors[0] });
    for (const one of errors) expect(one.detail.startsWith(one.param)).toBe(true);
  });

  it("all stand in the message with what the operator can do, and in no detail", () => {
    const { message, errors } = refusalOf(() => parseNewEndpoint(js(faulty), rules));
    expect(message).toContain('network: { allow: ["10.0.0.8/32"] }; also: events[1] ');
    expect(message).toContain("; also: timeoutSeconds is 2; it must be");
    expect(JSON.stringify(errors)).not.toContain("network");
  });

  it("of one field alone are told the same way", () => {
    const refusal = refusalOf(() => parseEndpointPatch({ timeoutSeconds: 2 }, rules));
    expect(refusal.message).toBe("timeoutSeconds is 2; it must be a whole number of seconds from 3 to 60");
    expect(refusal.errors).toEqual([{ param: "timeoutSeconds", code: "invalid_timeout", detail: refusal.message }]);
  });

  it("of our own making are not taken for the caller's", () => {
    const policy = { ...rules.policy, checkUrl: () => Reflect.get(js(undefined), "x") };
    expect(refusalOf(() => parseNewEndpoint(js({ ...faulty, url }), { ...rules, policy }))).toBeInstanceOf(TypeError);
  });
});

describe("a change of metadata", () => {
  const current = { a: "1", b: "2" };
  it.each([
    { patch: { c: "3" }, after: { a: "1", b: "2", c: "3" } },
    { patch: { a: null, b: "two" }, after: { b: "two" } },
    { patch: null, after: {} },
  ])("$patch leaves $after", ({ patch, after }) => {
    expect(patchMetadata(current, parseEndpointPatch({ metadata: patch }, rules).metadata ?? null)).toEqual(after);
  });
});
