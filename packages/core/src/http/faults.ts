import type { OuthookError } from "../errors.ts";
import type { Contract, Fault, FaultItem, FaultPlace, Operation } from "./contract.ts";
import { wireName } from "./fields.ts";
import { problemKinds } from "./problems.ts";

/** A value to blame, under the contract's name, with the text about it. */
type Named = { readonly param: string; readonly place: FaultPlace; readonly detail: string };

/** What is said of headers before the body is read. */
const headerCodes: ReadonlySet<string> = new Set(["unsupported_media_type", "idempotency_key_invalid"]);

/** Whose names the places in an error have: until the body is read the contract's own, then those of the core. */
export type Names = "contract" | "core";

/** An error as the contract is to render it: its own names for places, and nothing about outages and mistakes of the host. */
export function faultOf(
  error: OuthookError,
  input: {
    readonly contract: Contract;
    readonly operation: Operation | null;
    readonly names: Names;
    readonly instance: string;
  },
): Fault {
  const { contract, operation, names, instance } = input;
  const { code } = error;
  const { status, title } = problemKinds[code];
  if (status >= 500) {
    return { code, status, title, detail: outage(status), param: null, place: null, errors: [], instance };
  }
  const nameOf = (param: string, text: string): Named =>
    names === "core"
      ? named(param, text, contract, operation)
      : { param, detail: text, place: headerCodes.has(code) ? "header" : "body" };
  const main = error.param === null ? null : nameOf(error.param, error.detail);
  const items: readonly FaultItem[] = error.errors.map((item) => ({
    ...nameOf(item.param, item.detail),
    code: item.code ?? code,
  }));
  return {
    code,
    status,
    title,
    detail: main?.detail ?? error.detail,
    param: main?.param ?? null,
    place: main?.place ?? null,
    errors: items.length > 0 || main === null ? items : [{ ...main, code }],
    instance,
  };
}

function named(param: string, detail: string, contract: Contract, operation: Operation | null): Named {
  const [root = ""] = /^[\w-]+/.exec(param) ?? [];
  const wire = wireName(param, operation?.fields ?? {});
  if (wire !== null) return { param: wire, place: "body", detail: renamed(detail, param, wire) };
  const elsewhere = { ...operation?.query, idempotencyKey: contract.idempotencyHeaders?.[0] ?? "idempotency-key" };
  const name = new Map(Object.entries(elsewhere)).get(root) ?? param;
  return { param: name, place: placeOf(root, operation), detail: renamed(detail, param, name) };
}

function placeOf(root: string, operation: Operation | null): FaultPlace {
  if (operation?.query !== undefined && Object.hasOwn(operation.query, root)) return "query";
  if (root === "idempotencyKey") return "header";
  return root === "id" ? "path" : "body";
}

/** Details begin with the name of the value where one is to blame. */
function renamed(detail: string, param: string, name: string): string {
  return detail.startsWith(param) ? name + detail.slice(param.length) : detail;
}

function outage(status: number): string {
  return status === 503
    ? "The service cannot answer right now. Try again shortly."
    : "Something went wrong here. If it lasts, report it with this instance.";
}
