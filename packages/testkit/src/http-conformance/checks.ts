import assert from "node:assert/strict";
import { checkLeaks } from "./leaks.ts";
import type { WireAnswer } from "./wire.ts";

/** A request, as far as the checks look at it, and its answer. */
export type Exchange = {
  readonly method: string;
  readonly path: string;
  /** Everything that was sent, as text. */
  readonly asked: string;
  readonly answer: WireAnswer;
};

type Body = Readonly<Record<string, unknown>>;

/** Asserts what holds for every answer of the API, and gives its body's fields. */
export function checkAnswer({ method, path, asked, answer }: Exchange): Body {
  const { status, headers, text } = answer;
  assert.equal(headers["cache-control"], "no-store", "every answer has cache-control: no-store");
  assert.equal(headers["x-content-type-options"], "nosniff", "every answer has x-content-type-options: nosniff");
  const secretMade = status < 300 && method === "POST" && /^\/endpoints(?:\/[^/]+\/secret\/rotate)?(?:\?|$)/.test(path);
  checkLeaks({ text: text + (headers["location"] ?? ""), asked }, { secretMade, refused: status >= 400 });
  if (status === 204) {
    const { "content-type": type, "content-length": length } = headers;
    assert.deepEqual({ type, length }, { type: undefined, length: undefined }, "a 204 describes no body");
  }
  const bodyless = method === "HEAD" || status === 204;
  assert.equal(text === "", bodyless, bodyless ? "there is no body" : "there is a body");
  return text === "" ? {} : fieldsOf(answer);
}

function fieldsOf({ status, headers, text }: WireAnswer): Body {
  const type = status >= 400 ? "application/problem+json" : "application/json";
  assert.equal(headers["content-type"]?.replace(/; ?charset=utf-8$/i, ""), type, "the content-type of the body");
  const body = parsed(text);
  assert.ok(body !== null, "the body is a JSON object");
  if (status >= 400) checkProblem(body, status);
  return body;
}

const memberNames = new Set(["type", "title", "status", "detail", "instance", "code", "param", "errors"]);

/** Problem details: RFC 9457, section 3.1, and the members that extend them. */
function checkProblem(problem: Body, status: number): void {
  const { type, title, detail, instance, code, param, errors = [] } = problem;
  assert.ok(typeof type === "string" && URL.canParse(type), "type is a URL");
  for (const [name, text] of Object.entries({ title, detail, code })) assertText(text, name);
  assert.equal(problem["status"], status, "status is that of the answer");
  assert.match(String(instance), /^urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "instance is a URN");
  if (param !== undefined) assertText(param, "param");
  assert.ok(Array.isArray(errors), "errors is a list");
  for (const item of errors) {
    const fields: Body = Object(item);
    assert.deepEqual(Object.keys(fields).toSorted(), ["code", "detail", "param"], "what an entry of errors has");
    for (const [name, text] of Object.entries(fields)) assertText(text, `errors[].${name}`);
  }
  const others = Object.keys(problem).filter((name) => !memberNames.has(name));
  assert.deepEqual(others, [], "a problem has no other members");
}

function assertText(value: unknown, name: string): void {
  assert.ok(typeof value === "string" && value !== "", `${name} is text`);
  // oxlint-disable-next-line no-control-regex -- what is asserted is that there are none
  assert.doesNotMatch(value, /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/, `${name} has nothing invisible`);
  assert.ok(value.length < 1_000, `${name} is short`);
}

function parsed(text: string): Body | null {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null && !Array.isArray(body) ? Object(body) : null;
  } catch {
    return null;
  }
}
