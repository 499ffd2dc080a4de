import type { ErrorCode } from "./errors.ts";
import { OuthookError } from "./errors.ts";
import { shown } from "./shown.ts";

/** Texts by name, such as metadata and custom headers. */
export type TextMap = Readonly<Record<string, string>>;

/** Changes to such texts: those named are set, or removed by `null`; the others stay. `null` for all removes all. */
export type TextMapPatch = Readonly<Record<string, string | null>> | null;

/** Names that mean more than themselves to code that copies or merges objects. */
const unsafeNames: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** More than any limit, with room for removals: what is beyond is refused before each is looked at. */
const maxEntries = 200;

/**
 * The entries of a plain object whose names are safe to copy. Throws `code` for anything else, naming `param`.
 *
 * A `Map` or `Headers` is refused too: it has no entries of its own, and would be taken for an empty object.
 */
export function textEntries(input: unknown, param: string, code: ErrorCode): readonly (readonly [string, unknown])[] {
  if (!isPlainObject(input)) {
    throw new OuthookError(code, `${param} is ${shown(input)}; it is an object of texts by name`, { param });
  }
  const entries = Object.entries(input);
  if (entries.length > maxEntries) {
    throw new OuthookError(code, `${param} has ${entries.length} names; at most ${maxEntries} are looked at`, {
      param,
    });
  }
  const unsafe = entries.find(([name]) => unsafeNames.has(name));
  if (unsafe === undefined) return entries;
  throw new OuthookError(code, `${param} has the name ${shown(unsafe[0])}, which is reserved; choose another`, {
    param,
  });
}

/** The texts after a change. */
export function patchTexts(current: TextMap, patch: TextMapPatch): TextMap {
  if (patch === null) return {};
  const texts = new Map(Object.entries(current));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) texts.delete(name);
    else texts.set(name, value);
  }
  return Object.fromEntries(texts);
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Another realm has an Object.prototype of its own, on which nothing stands either.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
