import type { ErrorCode, TransportRequest } from "@outhook/core";
import assert from "node:assert/strict";
import { verifyRequest } from "../verify.ts";
import type { Api, ApiRequest, Caller, Reply } from "./case.ts";

/** A URL that is accepted. */
export const hookUrl = "https://hooks.example.com/outhook";

/** An id that looks like one of ours and is nobody's. */
export const unknownId: string = `ep_${"0".repeat(32)}`;

/** An endpoint that was just created. */
export type Added = { readonly id: string; readonly secret: string; readonly view: Readonly<Record<string, unknown>> };

/** Creates an endpoint over HTTP. `view` is what other answers should show of it. */
export async function addEndpoint(api: Api, fields: object = {}, as: Caller = "acme"): Promise<Added> {
  const { body } = expectStatus(await api.send("POST /endpoints", { as, json: { url: hookUrl, ...fields } }), 201);
  const { secret, ...view } = body;
  return { id: textAt(view, "id"), secret: textAt({ secret }, "secret"), view };
}

export function expectStatus(reply: Reply, ...statuses: readonly number[]): Reply {
  assert.ok(statuses.includes(reply.status), `the status is ${reply.status}, not ${statuses.join(" or ")}`);
  return reply;
}

/** Expects a refusal. Of one that came from the host, before the API saw the request, only the sort is known. */
export function expectProblem(reply: Reply, status: number, code: ErrorCode, param?: string): void {
  if (!reply.ours) return;
  const { code: found, param: place } = reply.body;
  assert.deepEqual({ status: reply.status, code: found }, { status, code });
  if (param !== undefined) assert.equal(place, param, "param names the value to blame");
}

/** Expects that a request is refused and writes nothing. */
export async function expectRefusal(
  api: Api,
  route: string,
  request: ApiRequest,
  [status, code, param]: readonly [status: number, code: ErrorCode, param?: string],
): Promise<void> {
  expectProblem(await api.unchanged(() => api.send(route, request)), status, code, param);
}

/** Each fault of a problem's `errors` as `param: code`, in alphabetical order. */
export function faultsOf({ body }: Reply): readonly string[] {
  const { errors } = body;
  assert.ok(Array.isArray(errors), "errors is a list");
  const faults = errors.map((item: unknown): Readonly<Record<string, unknown>> => Object(item));
  return faults.map((fault) => `${textAt(fault, "param")}: ${textAt(fault, "code")}`).toSorted();
}

/** The text of a field. */
export function textAt(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = fields[name];
  assert.ok(typeof value === "string", `${name} is text`);
  return value;
}

/** The items of a list. */
export function dataOf({ body }: Reply): readonly Readonly<Record<string, unknown>>[] {
  const { data } = body;
  assert.ok(Array.isArray(data), "data is a list");
  return data.map((item: unknown) => Object(item));
}

/** The ids of a list. */
export function idsOf(reply: Reply): readonly string[] {
  return dataOf(reply).map((item) => textAt(item, "id"));
}

/** What a list of the endpoints shows. */
export async function listed(api: Api, as: Caller = "acme"): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return dataOf(expectStatus(await api.send("GET /endpoints?limit=100", { as }), 200));
}

/** Gives an endpoint's path a route, such as `PATCH /endpoints/{id}`. */
export function routeTo(route: string, id: string): string {
  return route.replace("{id}", encodeURIComponent(id));
}

/** Sends a message of `acme`, and gives the request that its one endpoint got. */
export async function deliver({ outhook, sent }: Api): Promise<TransportRequest> {
  const before = sent.length;
  await outhook.tenant("acme").send("loan.active", { id: "ln_1" });
  await outhook.dispatcher.runOnce();
  const request = sent[before];
  assert.ok(request, "something was sent");
  return request;
}

/** What receivers make of a request, each of which trusts one of the keys. */
export function verdicts(api: Api, { headers, body }: TransportRequest, keys: readonly string[]): readonly string[] {
  return keys.map((key) => verifyRequest({ keys: [key], headers, body, now: api.clock.now() }));
}
