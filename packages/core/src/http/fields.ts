import type { ErrorDetail } from "../errors.ts";
import { isOuthookError, OuthookError } from "../errors.ts";
import { shortened, shown } from "../shown.ts";

/** The fields of a body: the contract's name → what it stands for in the neutral core. */
export type Fields = Readonly<Record<string, Field>>;

export type Field = {
  /** The name in the neutral core, such as `timeoutSeconds`. */
  readonly as: string;
  /** Without it the request is malformed (400). Means nothing in `updateEndpoint`, where an absent one stays. */
  readonly required?: boolean | undefined;
  /** What an absent one means; without a default it stays absent. Means nothing in `updateEndpoint`. */
  readonly default?: unknown;
  /** Turns the contract's value into the core's, which then checks it. Throws an `OuthookError` whose param is `param`. */
  readonly read?: ((value: unknown, param: string) => unknown) | undefined;
};

/** Most unknown fields that one answer lists. */
const maxUnknown = 20;

/** Turns a body into the core's fields. Throws `malformed_body` or, with every fault in `errors`, what the fields say. */
export function readFields(body: unknown, fields: Fields): Readonly<Record<string, unknown>> {
  const given = givenFields(body, fields);
  const faults: OuthookError[] = [...given.keys()]
    .filter((name) => !Object.hasOwn(fields, name))
    .slice(0, maxUnknown)
    .map((name) => unknownField(name, fields));
  const read = Object.entries(fields).flatMap(([name, field]) => {
    try {
      const value = given.has(name) ? readField(field, given.get(name), name) : field.default;
      return value === undefined ? [] : [[field.as, value] as const];
    } catch (error) {
      if (!isOuthookError(error)) throw error;
      faults.push(error);
      return [];
    }
  });
  const [first, ...others] = faults;
  if (first === undefined) return Object.fromEntries(read);
  if (others.length === 0) throw first;
  const { code, detail, param } = first;
  throw new OuthookError(code, detail, { param: param ?? undefined, errors: faults.map(detailOf) });
}

function givenFields(body: unknown, fields: Fields): ReadonlyMap<string, unknown> {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new OuthookError("malformed_body", `the body is ${shown(body)}; send a JSON object`);
  }
  const given = new Map<string, unknown>(Object.entries(body));
  const missing = Object.keys(fields).filter((name) => fields[name]?.required === true && !given.has(name));
  const [first] = missing;
  if (first === undefined) return given;
  const errors = missing.map((name): ErrorDetail => ({ param: name, detail: `${name} is missing` }));
  throw new OuthookError("malformed_body", `${first} is missing`, { param: first, errors });
}

function readField({ read }: Field, value: unknown, name: string): unknown {
  return read === undefined ? value : read(value, name);
}

/** The contract's name of a place in the core's fields: `events[2]` → `event_patterns[2]`; `null` when no field has it. */
export function wireName(param: string, fields: Fields): string | null {
  const [root = ""] = /^\w+/.exec(param) ?? [];
  const name = Object.keys(fields).find((wire) => fields[wire]?.as === root);
  return name === undefined ? null : name + param.slice(root.length);
}

function unknownField(name: string, fields: Fields): OuthookError {
  const param = shortened(name, 60);
  const known = Object.keys(fields).join(", ");
  const fault = `${shown(name)} is not a field that can be set here; ${known === "" ? "there is none" : `known are ${known}`}`;
  return new OuthookError("invalid_body", fault, { param });
}

function detailOf({ code, detail, param }: OuthookError): ErrorDetail {
  return { code, detail, param: param ?? "body" };
}
