import { OuthookError } from "../errors.ts";
import type { Operation } from "./contract.ts";

/** Finds the operation of a request. */
export type Router = (method: string, path: string) => Match;

export type Match =
  | { readonly kind: "found"; readonly operation: Operation; readonly segment: (name: string) => string }
  | { readonly kind: "method_not_allowed"; readonly allowed: readonly string[] }
  | { readonly kind: "not_found" };

type Route = { readonly segments: readonly string[]; readonly operations: readonly Operation[] };

/** Compiles the operations' paths. Throws `invalid_options` for a path that is not one and for two of one route. */
export function createRouter(operations: readonly Operation[]): Router {
  const routes = new Map<string, { segments: readonly string[]; operations: Operation[] }>();
  for (const operation of operations) {
    const segments = segmentsOf(operation);
    const shape = segments.map((segment) => (isName(segment) ? "{}" : segment)).join("/");
    const route = routes.get(shape) ?? { segments, operations: [] };
    if (route.operations.some((other) => other.method === operation.method)) {
      throw new OuthookError(
        "invalid_options",
        `contract has two operations for ${operation.method} ${operation.path}`,
      );
    }
    route.operations.push(operation);
    routes.set(shape, route);
  }
  // A segment by name also fits where another route has it in words, so the words come first.
  const compiled = [...routes.entries()]
    .toSorted(([one], [other]) => (shapeOrder(one) < shapeOrder(other) ? -1 : 1))
    .map(([, route]) => route);

  return (method, path) => {
    const given = path.split("/").slice(1);
    const route = compiled.find(({ segments }) => fits(segments, given));
    if (route === undefined) return { kind: "not_found" };
    const wanted = method === "HEAD" ? "GET" : method;
    const operation = route.operations.find((one) => one.method === wanted);
    if (operation === undefined) return { kind: "method_not_allowed", allowed: allowedBy(route) };
    const names = operation.path.split("/").slice(1);
    return { kind: "found", operation, segment: (name) => decoded(given[names.indexOf(`{${name}}`)] ?? "") };
  };
}

function segmentsOf({ path }: Operation): readonly string[] {
  const [root, ...segments] = path.split("/");
  if (root === "" && segments.every((segment) => /^(?:[\w.~-]+|\{\w+\})$/.test(segment))) return segments;
  throw new OuthookError("invalid_options", `contract: the path "${path}" must look like /endpoints/{id}`);
}

function shapeOrder(shape: string): string {
  return shape
    .split("/")
    .map((segment) => (segment === "{}" ? "1" : "0"))
    .join("");
}

function isName(segment: string): boolean {
  return segment.startsWith("{");
}

function fits(segments: readonly string[], given: readonly string[]): boolean {
  return (
    segments.length === given.length &&
    segments.every((segment, index) => (isName(segment) ? given[index] !== "" : segment === given[index]))
  );
}

function allowedBy({ operations }: Route): readonly string[] {
  return operations.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method])).toSorted();
}

/** Empty, which names nothing, when it is not percent-encoded UTF-8. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return "";
  }
}
