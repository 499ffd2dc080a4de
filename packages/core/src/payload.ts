import { types } from "node:util";
import { OuthookError } from "./errors.ts";
import { reasonOf, shortened, shown } from "./shown.ts";

/** An object on the way from the root to the value being looked at. */
type Level = { readonly node: object; readonly keys: readonly string[]; next: number };

/** Deeper than any `JSON.stringify` goes; also ends the walk through a `toJSON` that makes new objects for ever. */
const deepestWalk = 100_000;

/**
 * The JSON text of a payload, exactly as `JSON.stringify` gives it.
 *
 * Throws `invalid_payload`, naming the place, for what JSON cannot express: a BigInt, a cycle, NaN and the infinities,
 * an invalid Date, a root without JSON text, a `toJSON` or getter that throws, nesting too deep.
 *
 * @example
 * encodePayload({ id: "ln_1", at: new Date(0) }) // {"id":"ln_1","at":"1970-01-01T00:00:00.000Z"}
 */
export function encodePayload(data: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(data);
  } catch (cause) {
    const depth = refuseFaults(data);
    const tooDeep = cause instanceof RangeError && depth > 1_000;
    const fault = tooDeep
      ? `is nested ${depth} levels deep, more than JSON.stringify survives; flatten it`
      : `cannot be written as JSON: ${reasonOf(cause)}`;
    throw invalidPayload([], fault, cause);
  }
  if (text === undefined) {
    const received = typeof data === "object" ? "an object whose toJSON() gives no JSON value" : shown(data);
    throw invalidPayload([], `is ${received}; send a JSON value, usually an object`);
  }
  // NaN, the infinities and invalid dates are written as null, so most texts need no walk.
  if (text.includes("null")) refuseFaults(data);
  return text;
}

/** The place of a value in a payload: `data`, `data.items[3].id`, `data["a b"]`. Long paths lose their middle. */
export function placeOf(path: readonly PropertyKey[]): string {
  if (path.length > 12) return `data${[...path.slice(0, 6).map(stepOf), ".…", ...path.slice(-6).map(stepOf)].join("")}`;
  return `data${path.map(stepOf).join("")}`;
}

function stepOf(key: PropertyKey): string {
  if (typeof key === "number") return `[${key}]`;
  if (typeof key === "symbol") return `[${shortened(String(key), 60)}]`;
  return /^[A-Za-z_$][\w$]{0,59}$/.test(key) ? `.${key}` : `[${shown(key)}]`;
}

/**
 * Walks a value in the order and by the rules of `JSON.stringify`, and throws for the first place that it cannot write
 * or would silently write as null. Returns the depth of the value.
 *
 * A loop rather than recursion, so that it survives the depth that it reports.
 */
function refuseFaults(data: unknown): number {
  const levels: Level[] = [{ node: { "": data }, keys: [""], next: 0 }];
  const depths = new Map<object, number>();
  const sound = new Set<object>();
  let deepest = 0;

  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const key = level.keys[level.next];
    if (key === undefined) {
      levels.pop();
      sound.add(level.node);
      continue;
    }
    level.next += 1;
    const value = writtenValue(level.node, key, levels);
    if (typeof value !== "object" || value === null || sound.has(value)) continue;
    const ancestor = depths.get(value);
    if (ancestor !== undefined) {
      const path = pathOf(levels);
      throw invalidPayload(
        path,
        `refers back to ${placeOf(path.slice(0, ancestor))}, and JSON has no cycles; send an id instead`,
      );
    }
    depths.set(value, levels.length - 1);
    levels.push({ node: value, keys: guarded(() => keysOf(value), levels, " threw when its keys were read"), next: 0 });
    deepest = Math.max(deepest, levels.length - 1);
    if (deepest > deepestWalk) throw invalidPayload([], `is nested more than ${deepestWalk} levels deep; flatten it`);
  }
  return deepest;
}

/** What `JSON.stringify` would write for a key: after `toJSON`, and without the wrapper of a boxed number. */
function writtenValue(node: object, key: string, levels: readonly Level[]): unknown {
  const value: unknown = guarded(() => Reflect.get(node, key), levels, " threw when it was read");
  const written: unknown = guarded(() => toJson(value, key), levels, ".toJSON() threw");
  if (typeof written === "bigint" || types.isBigIntObject(written)) {
    throw invalidPayload(pathOf(levels), "is a BigInt; send it as a string or a number");
  }
  if (written === null && types.isDate(value) && Number.isNaN(value.getTime())) {
    throw invalidPayload(pathOf(levels), "is an invalid Date, which JSON writes as null; send a valid one, or null");
  }
  if ((typeof written === "number" || types.isNumberObject(written)) && !Number.isFinite(Number(written))) {
    const fault = `is ${Number(written)}, which JSON writes as null; send a finite number, or null`;
    throw invalidPayload(pathOf(levels), fault);
  }
  return written;
}

function toJson(value: unknown, key: string): unknown {
  const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
  if (!isObject && typeof value !== "bigint") return value;
  const method: unknown = Reflect.get(Object(value), "toJSON");
  return typeof method === "function" ? Reflect.apply(method, value, [key]) : value;
}

function keysOf(node: object): readonly string[] {
  const keys = Object.keys(node);
  return Array.isArray(node) ? keys.filter((key) => /^\d+$/.test(key)) : keys;
}

function pathOf(levels: readonly Level[]): readonly PropertyKey[] {
  return levels.slice(1).map(({ node, keys, next }) => {
    const key = keys[next - 1] ?? "";
    return Array.isArray(node) ? Number(key) : key;
  });
}

function guarded<T>(read: () => T, levels: readonly Level[], fault: string): T {
  try {
    return read();
  } catch (cause) {
    const path = pathOf(levels);
    const place = placeOf(path);
    throw new OuthookError("invalid_payload", `${place}${fault}: ${reasonOf(cause)}`, { param: place, cause });
  }
}

function invalidPayload(path: readonly PropertyKey[], fault: string, cause?: unknown): OuthookError {
  const place = placeOf(path);
  return new OuthookError("invalid_payload", `${place} ${fault}`, { param: place, cause });
}
