import { OuthookError } from "./errors.ts";
import { shown } from "./shown.ts";
import type { TextMap, TextMapPatch } from "./text-map.ts";
import { patchTexts, textEntries } from "./text-map.ts";

const maxKeys = 50;
const maxKeyLength = 40;
const maxValueLength = 500;

/** Checks metadata, for `create` or, where `null` may remove a key, for `update`. Throws `invalid_metadata`. */
export function parseMetadata(input: unknown, { removal }: { readonly removal: boolean }): TextMapPatch {
  if (input === null) return null;
  const entries = textEntries(input, "metadata", "invalid_metadata").map(([key, value]) => {
    if (key.length === 0 || key.length > maxKeyLength || /[\p{Cc}\p{Cs}]/u.test(key)) {
      const rule = `keys are texts of 1 to ${maxKeyLength} characters without control characters`;
      throw refused("metadata", `has the key ${shown(key)}; ${rule}`);
    }
    return [key, removal && value === null ? null : parseValue(value, `metadata[${shown(key)}]`)] as const;
  });
  const patch = Object.fromEntries(entries);
  patchMetadata({}, patch);
  return patch;
}

/** The metadata after a change. Throws `invalid_metadata` when it would have too many keys. */
export function patchMetadata(current: TextMap, patch: TextMapPatch): TextMap {
  const metadata = patchTexts(current, patch);
  const count = Object.keys(metadata).length;
  if (count > maxKeys) throw refused("metadata", `would have ${count} keys; at most ${maxKeys} are allowed`);
  return metadata;
}

function parseValue(value: unknown, param: string): string {
  if (typeof value !== "string") throw refused(param, `is ${shown(value)}; a value is text`);
  if (value.length > maxValueLength) {
    throw refused(param, `has ${value.length} characters; at most ${maxValueLength} are allowed`);
  }
  // Neither survives a database or UTF-8 unchanged.
  if (/[\0\p{Cs}]/u.test(value)) {
    throw refused(param, "holds a NUL or half of a surrogate pair, which cannot be stored; remove it");
  }
  return value;
}

function refused(param: string, fault: string): OuthookError {
  return new OuthookError("invalid_metadata", `${param} ${fault}`, { param });
}
