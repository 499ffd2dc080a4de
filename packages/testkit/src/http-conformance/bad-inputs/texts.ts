import type { AcceptedRow, RefusedRow } from "./fields.ts";

export const refusedEvents: readonly RefusedRow[] = [
  ["events-167", "string instead of list", "*"],
  ["events-168", "too long", ["a".repeat(300)]],
  ["events-169", "empty segment", ["user..created"]],
  ["events-170", "leading dot", [".user"]],
  ["events-171", "trailing dot", ["user."]],
  ["events-173", "regex must never be accepted", ["(a+)+$"]],
  ["events-175", "brace expansion", ["user.{created,deleted}"]],
  ["events-177", "wildcard inside a segment", ["us*r.created"]],
  ["events-179", "space", ["user created"]],
  ["events-180", "newline", ["user\ncreated"]],
  ["events-183", "non-string member", ["user.created", 42]],
  ["events-184", "null member", [null]],
  ["events-185", "array-like", { "0": "user.created", length: 1 }],
  ["events-186", "too many patterns", Array.from({ length: 1_001 }, (_, n) => `a.b${n}`)],
  ["events-187", "non-ASCII event type", ["\u00fcser.created"]],
];

export const acceptedEvents: readonly AcceptedRow[] = [
  ["events-165", "empty means all events", [], ["*"]],
  ["events-189", "all events", ["*"], ["*"]],
  ["events-190", "prefix pattern", ["user.*"], ["user.*"]],
];

export const refusedDescriptions: readonly RefusedRow[] = [
  ["description-192", "bounded text", "a".repeat(100_000)],
  ["description-196", "half of a surrogate pair", "\ud800"],
  ["name-204", "terminal escape in logs", "\u001b[2J"],
];

export const acceptedDescriptions: readonly AcceptedRow[] = [
  ["description-194", "HTML is text", '"><img src=x onerror=alert(1)>', '"><img src=x onerror=alert(1)>'],
  ["description-197", "bidi override is text", "\u202eevil", "\u202eevil"],
  ["description-198", "a formula is text", '=HYPERLINK("http://x")', '=HYPERLINK("http://x")'],
  ["description-201", "clears it", null, null],
];

export const refusedMetadata: readonly RefusedRow[] = [
  ["metadata-206", "prototype key", JSON.parse('{"constructor":{"prototype":{"x":1}}}')],
  ["metadata-207", "flat string map only", { a: { b: 1 } }],
];
