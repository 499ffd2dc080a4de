import { types } from "node:util";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OuthookError } from "../src/errors.ts";
import { isOuthookError } from "../src/errors.ts";
import { encodePayload, placeOf } from "../src/payload.ts";

function refusalOf(data: unknown): OuthookError {
  try {
    encodePayload(data);
  } catch (error) {
    if (isOuthookError(error)) return error;
    throw error;
  }
  throw new Error("accepted");
}

function encodedOrRefused(data: unknown): string {
  try {
    return encodePayload(data);
  } catch (error) {
    return isOuthookError(error) && error.code === "invalid_payload" ? "refused" : String(error);
  }
}

function cyclic(): object {
  const items: object[] = [{}, {}, {}];
  const item = { parent: {} };
  item.parent = item;
  items.push(item);
  return { items };
}

function nested(depth: number): unknown {
  let data: unknown = 1;
  for (let level = 0; level < depth; level += 1) data = [data];
  return data;
}

describe("encodePayload", () => {
  it.each<{ name: string; data: unknown; text: string }>([
    { name: "negative zero", data: { a: -0 }, text: '{"a":0}' },
    { name: "an undefined member", data: { a: undefined, b: 1 }, text: '{"b":1}' },
    { name: "a date", data: { d: new Date(0) }, text: '{"d":"1970-01-01T00:00:00.000Z"}' },
    { name: "an escaped NUL", data: { s: "a\u0000b" }, text: '{"s":"a\\u0000b"}' },
    { name: "a lone surrogate", data: { s: "\ud800" }, text: '{"s":"\\ud800"}' },
    { name: "an emoji", data: { s: "😀" }, text: '{"s":"😀"}' },
    { name: "markup", data: { s: "</script>" }, text: '{"s":"</script>"}' },
    { name: "no prototype", data: Object.create(null), text: "{}" },
    { name: "null", data: null, text: "null" },
    { name: "a string as the root", data: "text", text: '"text"' },
    { name: "the word null in text", data: { s: "null and nullable" }, text: '{"s":"null and nullable"}' },
    { name: "keys in their own order", data: { b: null, a: [null], 1: null }, text: '{"1":null,"b":null,"a":[null]}' },
    { name: "undefined and functions in a list", data: [undefined, () => 1, 4], text: "[null,null,4]" },
    { name: "a toJSON that gives null", data: { toJSON: () => null }, text: "null" },
    {
      name: "a date that writes itself as null",
      data: Object.assign(new Date(0), { toJSON: () => null }),
      text: "null",
    },
    { name: "a boxed number", data: [Object(1), null], text: "[1,null]" },
    { name: "a sparse list", data: Object.assign(Array(3), { 1: "x", extra: NaN }), text: '[null,"x",null]' },
  ])("writes $name as JSON.stringify does", ({ data, text }) => {
    expect(encodePayload(data)).toBe(text);
    expect(JSON.stringify(data)).toBe(text);
  });

  it("gives text that reads back as the same value", () => {
    // JSON has no negative zero, so the values are those that have been through JSON once.
    const json = fc.jsonValue({ stringUnit: "binary" }).map((value): unknown => JSON.parse(JSON.stringify(value)));
    fc.assert(
      fc.property(json, (value) => {
        expect(JSON.parse(encodePayload(value))).toEqual(value);
      }),
      { numRuns: 300 },
    );
  });

  it("refuses exactly the values in which JSON.stringify would write a number or a date as null", () => {
    const anything = fc.anything({ withBoxedValues: true, withDate: true, withSparseArray: true });
    fc.assert(
      fc.property(anything, (value) => {
        const data = [value, null];
        expect(encodedOrRefused(data)).toBe(hidesNull(data) ? "refused" : JSON.stringify(data));
      }),
      { numRuns: 1_000 },
    );
  });

  it("writes a large emoji text whole", () => {
    expect(encodePayload({ s: "😀".repeat(100_000) })).toHaveLength(200_008);
  });

  const shared = { amount: 1 };

  it("takes one object in several places, which is no cycle", () => {
    expect(encodePayload({ a: shared, b: [shared, shared], c: null })).toBe(
      '{"a":{"amount":1},"b":[{"amount":1},{"amount":1}],"c":null}',
    );
  });

  it.each<{ name: string; data: unknown; message: string; param: string }>([
    {
      name: "a BigInt",
      data: { amount: 10n },
      message: "data.amount is a BigInt; send it as a string or a number",
      param: "data.amount",
    },
    { name: "a BigInt as the root", data: 10n, message: "data is a BigInt", param: "data" },
    { name: "a boxed BigInt", data: [Object(1n)], message: "data[0] is a BigInt", param: "data[0]" },
    {
      name: "a cycle",
      data: cyclic(),
      message: "data.items[3].parent refers back to data.items[3]",
      param: "data.items[3].parent",
    },
    { name: "NaN", data: { a: { "b c": Number.NaN } }, message: 'data.a["b c"] is NaN', param: 'data.a["b c"]' },
    { name: "1e400", data: { n: Number("1e400") }, message: "data.n is Infinity", param: "data.n" },
    { name: "minus infinity in a list", data: [1, -Infinity], message: "data[1] is -Infinity", param: "data[1]" },
    { name: "NaN as the root", data: Number.NaN, message: "data is NaN", param: "data" },
    { name: "a boxed NaN", data: { n: Object(Number.NaN) }, message: "data.n is NaN", param: "data.n" },
    {
      name: "NaN from a toJSON",
      data: { n: { toJSON: () => ({ x: NaN }) } },
      message: "data.n.x is NaN",
      param: "data.n.x",
    },
    { name: "an invalid date", data: { at: new Date(NaN) }, message: "data.at is an invalid Date", param: "data.at" },
    { name: "undefined", data: undefined, message: "data is undefined; send a JSON value", param: "data" },
    { name: "a function", data: () => 1, message: "data is a function; send a JSON value", param: "data" },
    { name: "a symbol", data: Symbol("x"), message: "data is a symbol; send a JSON value", param: "data" },
    {
      name: "a root whose toJSON gives undefined",
      data: { toJSON: () => undefined },
      message: "data is an object whose toJSON() gives no JSON value",
      param: "data",
    },
  ])("refuses $name and names its place", ({ data, message, param }) => {
    const error = refusalOf(data);
    expect(error).toMatchObject({ code: "invalid_payload", param });
    expect(error.message).toContain(message);
  });

  const failure = new RangeError("Invalid time value");

  it.each<{ name: string; data: unknown; message: string; cause: unknown }>([
    {
      name: "a toJSON that throws",
      data: { user: { toJSON: () => thrown(failure) } },
      message: "data.user.toJSON() threw: Invalid time value",
      cause: failure,
    },
    {
      name: "a getter that throws",
      data: {
        list: [
          {
            get total() {
              return thrown(failure);
            },
          },
        ],
      },
      message: "data.list[0].total threw when it was read: Invalid time value",
      cause: failure,
    },
    {
      name: "a proxy whose keys cannot be read",
      data: { p: new Proxy({}, { ownKeys: () => thrown(1) }) },
      message: "data.p threw when its keys were read: 1",
      cause: 1,
    },
    {
      name: "a proxy that throws on every read",
      data: new Proxy({}, { get: () => thrown(failure) }),
      message: "data.toJSON() threw: Invalid time value",
      cause: failure,
    },
  ])("refuses $name, names its place and keeps the cause", ({ data, message, cause }) => {
    const error = refusalOf(data);
    expect(error).toMatchObject({ code: "invalid_payload", message });
    expect(error.cause).toBe(cause);
  });

  it("refuses what throws only once without a place, and keeps the cause", () => {
    let reads = 0;
    const data = {
      get id() {
        reads += 1;
        return reads === 1 ? thrown(failure) : 1;
      },
    };
    const error = refusalOf(data);
    expect(error.message).toBe("data cannot be written as JSON: Invalid time value");
    expect(error.cause).toBe(failure);
  });

  it("refuses nesting deeper than JSON.stringify survives, and says how deep it is", () => {
    expect(refusalOf(nested(20_000)).message).toBe(
      "data is nested 20000 levels deep, more than JSON.stringify survives; flatten it",
    );
  });

  it("refuses a cycle below any depth of nesting that it survives itself", () => {
    const loop: unknown[] = [];
    loop.push(loop);
    const deep = [loop, nested(20_000)];
    expect(refusalOf(deep).message).toContain("data[0][0] refers back to data[0]");
  });

  it("ends when a toJSON makes new objects for ever", () => {
    const endless = { toJSON: (): object => ({ again: endless }) };
    expect(refusalOf(endless)).toMatchObject({ code: "invalid_payload", param: "data" });
  });

  it("walks an object that stands in many places once", () => {
    let reads = 0;
    const item = {
      get leaf() {
        reads += 1;
        return null;
      },
    };
    encodePayload(Array.from({ length: 1_000 }, () => item));
    expect(reads).toBe(1_000 + 1);
  });

  it("does not read a payload without null a second time", () => {
    let reads = 0;
    const data = {
      get id() {
        reads += 1;
        return "ln_1";
      },
    };
    encodePayload(data);
    expect(reads).toBe(1);
  });

  it("uses the toJSON that a host gave to BigInt", () => {
    Reflect.defineProperty(BigInt.prototype, "toJSON", { configurable: true, value: String });
    try {
      expect(() => encodePayload({ a: 10n, b: null })).not.toThrow();
    } finally {
      Reflect.deleteProperty(BigInt.prototype, "toJSON");
    }
  });
});

describe("placeOf", () => {
  it.each([
    { path: [], place: "data" },
    { path: ["items", 3, "id"], place: "data.items[3].id" },
    { path: ["a b", "", "1"], place: 'data["a b"][""]["1"]' },
    { path: [Symbol("x")], place: "data[Symbol(x)]" },
    { path: ["x".repeat(100)], place: `data["${"x".repeat(59)}…"]` },
    {
      path: Array.from({ length: 100 }, (_, index) => index),
      place: "data[0][1][2][3][4][5].…[94][95][96][97][98][99]",
    },
  ])("writes $place", ({ path, place }) => {
    expect(placeOf(path)).toBe(place);
  });
});

/** The second opinion: a replacer sees each value just before it is written. */
function hidesNull(data: unknown): boolean {
  let hidden = false;
  JSON.stringify(data, function look(this: object, key, item: unknown) {
    const isNumber = typeof item === "number" || types.isNumberObject(item);
    hidden ||= isNumber ? !Number.isFinite(Number(item)) : item === null && Reflect.get(this, key) instanceof Date;
    return item;
  });
  return hidden;
}

function thrown(cause: unknown): never {
  throw cause;
}
