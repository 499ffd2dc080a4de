import { OuthookError } from "../errors.ts";
import { shown } from "../shown.ts";
import type { Call } from "./call.ts";

/**
 * The request's idempotency key: bare, or quoted as a structured-field string. `undefined` when there is none.
 *
 * Throws `idempotency_key_invalid` for anything but 1–255 visible ASCII characters, and for a header sent twice.
 */
export function idempotencyKeyOf(call: Call<unknown>, headers: readonly string[]): string | undefined {
  for (const name of headers) {
    const text = call.header(name);
    if (text !== null) return parsed(text.trim(), name);
  }
  return undefined;
}

function parsed(text: string, name: string): string {
  const key = /^"(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"$/.test(text)
    ? text.slice(1, -1).replaceAll(/\\(["\\])/g, "$1")
    : text;
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key;
  const length = key.length > 255 ? `, ${key.length} characters` : "";
  throw new OuthookError(
    "idempotency_key_invalid",
    `${name} is ${shown(key)}${length}; send one key of 1 to 255 visible ASCII characters without spaces`,
    { param: name },
  );
}
