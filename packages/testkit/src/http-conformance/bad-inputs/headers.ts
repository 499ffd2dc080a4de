import type { AcceptedRow, RefusedRow } from "./fields.ts";

export const refusedHeaders: readonly RefusedRow[] = [
  ["headers-211", "NUL", { "x-a": "b\u0000c" }],
  ["headers-212", "CRLF in name", { "x-a\r\nx-evil": "1" }],
  ["headers-214", "colon in name", { "x:a": "1" }],
  ["headers-215", "empty name", { "": "1" }],
  ["headers-216", "non-token name", { "x-\u00e4": "1" }],
  ["headers-217", "not ASCII", { "x-a": "\u00e9" }],
  ["headers-218", "not ASCII, nor Latin-1", { "x-a": "\ud83d\ude00" }],
  ["headers-219", "names the certificate that is checked", { Host: "internal.acme" }],
  ["headers-220", "case-insensitive", { host: "x" }],
  ["headers-221", "smuggling", { "Content-Length": "0" }],
  ["headers-226", "hop-by-hop", { Trailer: "x" }],
  ["headers-228", "would fail every delivery", { Expect: "100-continue" }],
  ["headers-229", "proxy", { "Proxy-Authorization": "x" }],
  ["headers-230", "reserved: forging identity", { "webhook-id": "x" }],
  ["headers-231", "reserved: forging signature", { "webhook-signature": "v1,x" }],
  ["headers-232", "reserved", { "Webhook-Timestamp": "0" }],
  ["headers-233", "reserved: body is JSON", { "content-type": "text/html" }],
  ["headers-234", "would lie about the body", { "content-encoding": "gzip" }],
  ["headers-236", "ambient authority", { Cookie: "a=b" }],
  ["headers-238", "unlocks IMDSv2", { "X-aws-ec2-metadata-token": "x" }],
  ["headers-239", "cloud metadata", { "X-Metadata-Token": "x" }],
  ["headers-240", "array value", { "x-a": ["1", "2"] }],
  ["headers-242", "null value", { "x-a": null }],
  ["headers-244", "too many headers", Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`x-${n}`, "v"]))],
  ["headers-245", "proto key", JSON.parse('{"__proto__":{"x":"1"}}')],
  ["headers-246", "case-insensitive duplicate", { "X-A": "1", "x-a": "2" }],
  ["headers-247", "array form", [["x-a", "1"]]],
];

/** Shown are their names. */
export const acceptedHeaders: readonly AcceptedRow[] = [
  ["headers-250", "optional whitespace trimmed", { "X-Api-Key": " v " }, ["x-api-key"]],
  ["headers-251", "empty ok", {}, []],
];
