import { OuthookError } from "./errors.ts";
import { shown } from "./shown.ts";

/** Longest event type and longest pattern, in characters. */
const maxEventTypeLength = 256;

/** Which event types an endpoint wants: every one, one by name, or those with further segments after `prefix.`. */
export type Pattern =
  | { readonly kind: "all" }
  | { readonly kind: "exact"; readonly type: string }
  | { readonly kind: "prefix"; readonly prefix: string };

/** True for one or more segments of `A-Z a-z 0-9 _` joined by dots, 256 characters at most. */
export function isEventType(text: string): boolean {
  // The length comes first, so that a text of any size is refused at once.
  return text.length <= maxEventTypeLength && /^[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*$/.test(text);
}

/**
 * Reads a pattern: `loan.active`, `loan.*` (one or more further segments) or `*`.
 *
 * `param` is the place of the value in messages. Throws `invalid_events` with a hint that fits the mistake.
 *
 * @example
 * parsePattern("loan.*", "events[0]") // { kind: "prefix", prefix: "loan" }
 */
export function parsePattern(text: unknown, param: string): Pattern {
  if (typeof text !== "string") {
    throw new OuthookError(
      "invalid_events",
      `${param} is ${shown(text)}; a pattern is a string: an event type such as "loan.active", "loan.*", or "*" for all`,
      { param },
    );
  }
  const pattern = readPattern(text);
  if (pattern === null) {
    throw new OuthookError("invalid_events", `${param} ${shown(text)} ${patternFault(text)}`, { param });
  }
  return pattern;
}

/** The pattern that `text` spells, or `null`. */
export function readPattern(text: string): Pattern | null {
  if (text === "*") return { kind: "all" };
  if (isEventType(text)) return { kind: "exact", type: text };
  if (!text.endsWith(".*") || text.length > maxEventTypeLength) return null;
  const prefix = text.slice(0, -2);
  return isEventType(prefix) ? { kind: "prefix", prefix } : null;
}

/** Whether an endpoint with this pattern gets messages of this event type. */
export function matchesPattern(pattern: Pattern, type: string): boolean {
  switch (pattern.kind) {
    case "all":
      return true;
    case "exact":
      return pattern.type === type;
    case "prefix":
      return type.startsWith(`${pattern.prefix}.`);
  }
}

/** Why `text` is not an event type, to follow its place in a message; `null` when it is one. */
export function eventTypeFault(text: string): string | null {
  if (isEventType(text)) return null;
  if (text === "") return "is empty";
  if (text.length > maxEventTypeLength) return lengthFault(text);
  if (text.trim() !== text) return "starts or ends with white space; remove it";
  const wrong = /[^A-Za-z0-9_.]/u.exec(text);
  if (wrong !== null) {
    const [character] = wrong;
    const position = `${characterName(character)} at position ${wrong.index + 1}`;
    return `has ${position}; only letters A-Z a-z, digits, "_" and single dots between segments are allowed`;
  }
  if (text.startsWith(".")) return "starts with a dot; a segment must stand before it";
  if (text.endsWith(".")) return "ends with a dot; a segment must follow it";
  return `has two dots in a row at position ${text.indexOf("..") + 1}; a segment must stand between them`;
}

function patternFault(text: string): string {
  if (text === "") return 'is empty; name an event type such as "loan.active", or "*" for all';
  if (text === ".*") return 'has no segment before the wildcard; did you mean "*"?';
  if (text.length > maxEventTypeLength) return lengthFault(text);
  if (readPattern(`${text}*`)?.kind === "prefix") return `ends with a dot; did you mean ${shown(`${text}*`)}?`;
  // With the wildcards out of the way, only other mistakes are left to find.
  return eventTypeFault(text.replaceAll("*", "_")) ?? wildcardFault(text);
}

function lengthFault(text: string): string {
  return `has ${text.length} characters; at most ${maxEventTypeLength} are allowed`;
}

function wildcardFault(text: string): string {
  const rule = "has a misplaced wildcard: wildcards stand for whole segments, at the end";
  if (/^[*.]+$/.test(text)) return `${rule}; did you mean "*"?`;
  const segments = text.split(".");
  const wild = segments.findIndex((segment) => segment.includes("*"));
  const head = segments.slice(0, wild).join(".");
  return head === ""
    ? `${rule}, as in "loan.*"; list the exact event types, or use "*" for all`
    : `${rule}; use ${shown(`${head}.*`)}, or list the exact event types`;
}

function characterName(character: string): string {
  if (/^[!-~]$/.test(character)) return shown(character);
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return `${shown(character)} (U+${code})`;
}
