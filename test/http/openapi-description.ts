import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

/** An answer as it came. */
export type Answer = { readonly status: number; readonly headers: Headers; readonly text: string };

/** An operation of the description. */
export type Described = {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly statuses: readonly number[];
};

/** An OpenAPI description, opened to hold requests and answers against it. All faults come as sentences. */
export type Description = {
  readonly operations: readonly Described[];
  /** What stands at a pointer such as `#/components/schemas/Endpoint`, references followed. */
  readonly at: (pointer: string) => unknown;
  /** A pointer to the member of what stands at another. */
  readonly member: (pointer: string, ...names: readonly string[]) => string;
  /** Faults of a value by the schema at a pointer. */
  readonly faultsOf: (pointer: string, value: unknown) => readonly string[];
  readonly requestFaults: (operation: Described, contentType: string, body: unknown) => readonly string[];
  readonly answerFaults: (operation: Described, answer: Answer) => readonly string[];
};

const methods = ["get", "put", "post", "patch", "delete"];
/** What every answer may carry without a word in the description. */
const plainHeaders = ["cache-control", "connection", "content-length", "content-type", "date", "keep-alive"];
const alwaysSent = ["x-content-type-options"];

export function openDescription(document: object): Description {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true });
  addFormats.default(ajv);
  // What surrounds the schemas.
  ajv.addVocabulary(Object.keys(document));
  ajv.addSchema(document, "api");

  const valueAt = (pointer: string): unknown => {
    const names = pointer.split("/").slice(1).map(unescaped);
    return names.reduce<unknown>((value, name) => membersOf(value)[name], document);
  };

  /** The same place without references on its last step. */
  const followed = (pointer: string): string => {
    const { $ref } = membersOf(valueAt(pointer));
    return typeof $ref === "string" ? followed($ref) : pointer;
  };

  const at = (pointer: string): unknown => valueAt(followed(pointer));

  const member = (pointer: string, ...names: readonly string[]): string =>
    names.reduce((place, name) => `${followed(place)}/${escaped(name)}`, pointer);

  const faultsOf = (pointer: string, value: unknown): readonly string[] => {
    const validate = ajv.getSchema(`api${pointer}`);
    if (validate === undefined) return [`there is no schema at ${pointer}`];
    if (validate(value) === true) return [];
    return (validate.errors ?? []).map(({ instancePath, message, params }) => {
      return `${instancePath} ${message} ${JSON.stringify(params)}`;
    });
  };

  const operations = Object.entries(membersOf(at("#/paths"))).flatMap(([path, item]) =>
    Object.entries(membersOf(item))
      .filter(([method]) => methods.includes(method))
      .map(([method, operation]) => {
        const { operationId, responses } = membersOf(operation);
        const statuses = Object.keys(membersOf(responses)).map(Number);
        return { id: String(operationId), method: method.toUpperCase(), path, statuses };
      }),
  );

  const place = ({ path, method }: Described): string => member("#", "paths", path, method.toLowerCase());

  const requestFaults: Description["requestFaults"] = (operation, contentType, body) =>
    faultsOf(member(place(operation), "requestBody", "content", contentType, "schema"), body);

  const headerFaults = (pointer: string, headers: Headers): readonly string[] => {
    const described = Object.keys(membersOf(at(member(pointer, "headers"))));
    const known = new Set([...plainHeaders, ...alwaysSent, ...described.map((name) => name.toLowerCase())]);
    const unknown = [...headers.keys()].filter((name) => !known.has(name));
    return [
      ...unknown.map((name) => `header ${name} is not described`),
      ...described.flatMap((name) => {
        const header = member(pointer, "headers", name);
        const text = headers.get(name);
        if (text === null) return membersOf(at(header))["required"] === true ? [`header ${name} is missing`] : [];
        const { type } = membersOf(at(member(header, "schema")));
        const value = type === "integer" ? Number(text) : text;
        return faultsOf(member(header, "schema"), value).map((fault) => `header ${name}: ${fault}`);
      }),
    ];
  };

  const bodyFaults = (pointer: string, { headers, text }: Answer): readonly string[] => {
    const contentType = headers.get("content-type");
    const described = Object.keys(membersOf(at(member(pointer, "content"))));
    if (described.length === 0)
      return text === "" && contentType === null ? [] : ["there is a body, but none described"];
    if (contentType === null || !described.includes(contentType)) return [`content-type is ${contentType}`];
    return faultsOf(member(pointer, "content", contentType, "schema"), JSON.parse(text));
  };

  const answerFaults: Description["answerFaults"] = (operation, answer) => {
    const pointer = member(place(operation), "responses", String(answer.status));
    if (at(pointer) === undefined) return [`status ${answer.status} is not described`];
    return [...headerFaults(pointer, answer.headers), ...bodyFaults(pointer, answer)];
  };

  return { operations, at, member, faultsOf, requestFaults, answerFaults };
}

/** The members of an object; none of anything else. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function escaped(name: string): string {
  return encodeURIComponent(name.replaceAll("~", "~0").replaceAll("/", "~1"));
}

function unescaped(name: string): string {
  return decodeURIComponent(name).replaceAll("~1", "/").replaceAll("~0", "~");
}
