import { OuthookError } from "./errors.ts";
import { shown } from "./shown.ts";

/**
 * Throws `invalid_options` unless `value` is an object with no other keys than these: a misspelt option must not look as if
 * it had been heard. `param` names the value in messages; empty for the whole argument.
 */
export function checkOptions(param: string, value: unknown, known: readonly string[]): void {
  if (value === undefined) return;
  const place = param === "" ? "the options" : param;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw refused(param, `${place}: expected an object with ${known.join(", ")}; received ${shown(value)}`);
  }
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    const name = param === "" ? key : `${param}.${key}`;
    throw refused(name, `${shown(name)} is not an option; known are ${known.join(", ")}`);
  }
}

/** Throws `invalid_options` unless `value` is a function or absent. */
export function checkFunction(param: string, value: unknown): void {
  if (value === undefined || typeof value === "function") return;
  throw refused(param, `${param} is ${shown(value)}; it must be a function`);
}

/** Throws `invalid_options` unless `value` is an object with these methods, or absent. */
export function checkMethods(param: string, value: unknown, methods: readonly string[]): void {
  if (value === undefined) return;
  const missing =
    typeof value === "object" && value !== null
      ? methods.find((method) => typeof Reflect.get(value, method) !== "function")
      : methods[0];
  if (missing === undefined) return;
  throw refused(param, `${param} is ${shown(value)} without the method ${missing}()`);
}

function refused(param: string, message: string): OuthookError {
  return new OuthookError("invalid_options", message, { param: param === "" ? "options" : param });
}
