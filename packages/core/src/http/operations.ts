import type { Page, PageOptions } from "../page.ts";
import { checkFunction } from "../check-options.ts";
import type { NewEndpoint, EndpointPatch } from "../endpoint-input.ts";
import { endpointFieldNames } from "../endpoint-input.ts";
import { OuthookError } from "../errors.ts";
import type { AnyEvents } from "../events.ts";
import { newHealth } from "../health.ts";
import type { Endpoint, EndpointHealth } from "../model.ts";
import { shown } from "../shown.ts";
import type { TestSend } from "../test-send.ts";
import type { Method, Operation, OperationRequest, Principal, Reply } from "./contract.ts";
import type { Fields } from "./fields.ts";

/** An endpoint with how it has fared. */
export type EndpointDetails = Endpoint & Omit<EndpointHealth, "endpointId">;

/** `METHOD /path/{id}`. */
export type RouteText = `${Method} /${string}`;

/** Makes the body of the answer. `undefined` for none. */
type ReplyOf<Result> = (result: Result, request: OperationRequest) => unknown;

/** What the operations below have in common. */
type Spec<Result> = {
  readonly route: RouteText;
  /** Default 200. */
  readonly status?: number | undefined;
  readonly reply: ReplyOf<Result>;
};

/** Adds an endpoint. A 201 carries its `Location`, relative to the request's URL. */
export function createEndpoint(
  spec: Spec<{ readonly endpoint: EndpointDetails; readonly secret: string }> & { readonly fields: Fields },
): Operation {
  return operation(spec, "manage", {
    fields: spec.fields,
    known: endpointFieldNames.create,
    result: async ({ tenant, body, idempotencyKey }) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `create` checks every field itself
      const input = body as NewEndpoint<AnyEvents>;
      const { endpoint, secret } = await tenant.endpoints.create(input, { idempotencyKey });
      return { endpoint: withHealth(endpoint), secret };
    },
    headers: ({ endpoint }, path) =>
      spec.status === 201 ? { location: `./${path.slice(path.lastIndexOf("/") + 1)}/${endpoint.id}` } : {},
  });
}

/** A page of the endpoints, newest first. `query` names the two parameters; without it the answer holds them all. */
export function listEndpoints(
  spec: Spec<Page<EndpointDetails>> & {
    readonly query?: { readonly limit: string; readonly startingAfter: string } | undefined;
  },
): Operation {
  const { query: names } = spec;
  return operation(spec, "view", {
    query: names,
    result: async ({ tenant, query }) =>
      names === undefined
        ? await everyPage(tenant)
        : await pageOf(tenant, {
            limit: parseLimit(query(names.limit)),
            startingAfter: query(names.startingAfter) ?? undefined,
          }),
  });
}

/** The endpoint named by `{id}`. */
export function getEndpoint(spec: Spec<EndpointDetails>): Operation {
  return operation(spec, "view", {
    byId: true,
    result: async (request) => await detailsOf(await request.tenant.endpoints.get(request.segment("id")), request),
  });
}

/** Changes the fields sent; an absent one stays, also on a `PUT`. `null` clears what may be empty, lists are replaced. */
export function updateEndpoint(spec: Spec<EndpointDetails> & { readonly fields: Fields }): Operation {
  const kept = Object.entries(spec.fields).map(([name, { as, read }]) => [name, { as, read }] as const);
  return operation(spec, "manage", {
    byId: true,
    fields: Object.fromEntries(kept),
    known: endpointFieldNames.update,
    result: async (request) => {
      const patch = request.body as EndpointPatch<AnyEvents>;
      return await detailsOf(await request.tenant.endpoints.update(request.segment("id"), patch), request);
    },
  });
}

/** Removes the endpoint named by `{id}`. */
export function deleteEndpoint(spec: Omit<Spec<undefined>, "reply"> & Partial<Spec<undefined>>): Operation {
  return operation({ status: 204, reply: () => undefined, ...spec }, "manage", {
    byId: true,
    result: async ({ tenant, segment }) => {
      await tenant.endpoints.delete(segment("id"));
      return undefined;
    },
  });
}

/** Makes a new secret. `expireCurrentInSeconds` is for a contract without such a field. */
export function rotateSecret(
  spec: Spec<{ readonly id: string; readonly secret: string; readonly previousSecretExpiresAt: Date | null }> & {
    readonly fields?: Fields | undefined;
    readonly expireCurrentInSeconds?: number | undefined;
  },
): Operation {
  return operation(spec, "manage", {
    byId: true,
    fields: spec.fields ?? {},
    known: ["expireCurrentInSeconds"],
    result: async ({ tenant, segment, body, idempotencyKey }) => {
      const { expireCurrentInSeconds = spec.expireCurrentInSeconds }: { readonly expireCurrentInSeconds?: unknown } =
        body;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `rotateSecret` checks it itself
      const overlap = expireCurrentInSeconds as number | undefined;
      const id = segment("id");
      const rotated = await tenant.endpoints.rotateSecret(id, { expireCurrentInSeconds: overlap, idempotencyKey });
      return { id, ...rotated };
    },
  });
}

/** Sends a test message to the endpoint named by `{id}`, and answers when its one attempt has ended, however it did. */
export function testEndpoint(spec: Spec<TestSend>): Operation {
  return operation(spec, "manage", {
    byId: true,
    fields: {},
    result: async ({ tenant, segment }) => await tenant.endpoints.test(segment("id")),
  });
}

/** A route that needs nothing but the request. */
export function readOperation(spec: Spec<null>): Operation {
  return operation(spec, "view", { result: async () => null });
}

function operation<Result>(
  { route, status = 200, reply }: Spec<Result>,
  can: Principal["can"],
  how: {
    /** The path names the endpoint. */
    readonly byId?: boolean | undefined;
    readonly fields?: Fields | null | undefined;
    /** What the fields may stand for. */
    readonly known?: readonly string[] | undefined;
    readonly query?: Readonly<Record<string, string>> | undefined;
    readonly result: (request: OperationRequest) => Promise<Result>;
    readonly headers?: ((result: Result, path: string) => Readonly<Record<string, string>>) | undefined;
  },
): Operation {
  const { method, path } = parseRoute(route);
  if (how.byId === true && !path.split("/").includes("{id}")) {
    throw new OuthookError("invalid_options", `contract: the route ${shown(route)} must have {id} where the id stands`);
  }
  checkFunction(`contract: reply of ${route}`, reply ?? null);
  checkFields(route, how.fields ?? {}, how.known ?? []);
  return {
    method,
    path,
    can,
    fields: how.fields ?? null,
    query: how.query,
    perform: async (request): Promise<Reply> => {
      const result = await how.result(request);
      return { status, headers: how.headers?.(result, path), body: reply(result, request) };
    },
  };
}

function checkFields(route: string, fields: Fields, known: readonly string[]): void {
  for (const [name, { as }] of Object.entries(fields)) {
    // Shown before it exists, so it may be sent back as null.
    if (known.includes(as) || as === "rateLimit") continue;
    const fault = `contract: the field ${name} of ${route} stands for ${shown(as)}; it must be one of ${known.join(", ")}`;
    throw new OuthookError("invalid_options", fault);
  }
}

const methods: readonly Method[] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

function parseRoute(route: string): { readonly method: Method; readonly path: string } {
  const [name, path = ""] = route.split(" ");
  const method = methods.find((one) => one === name);
  if (method !== undefined) return { method, path };
  throw new OuthookError("invalid_options", `contract: the route ${shown(route)} must look like "GET /endpoints/{id}"`);
}

async function everyPage(tenant: OperationRequest["tenant"]): Promise<Page<EndpointDetails>> {
  const data: EndpointDetails[] = [];
  for (;;) {
    const page = await pageOf(tenant, { limit: 100, startingAfter: data.at(-1)?.id });
    data.push(...page.data);
    if (!page.hasMore) return { data, hasMore: false };
  }
}

async function pageOf({ endpoints }: OperationRequest["tenant"], page: PageOptions): Promise<Page<EndpointDetails>> {
  const { data, hasMore } = await endpoints.list(page);
  const health = await endpoints.health(data.map(({ id }) => id));
  return { data: data.map((endpoint, index) => withHealth(endpoint, health[index])), hasMore };
}

async function detailsOf(endpoint: Endpoint, { tenant }: OperationRequest): Promise<EndpointDetails> {
  const [health] = await tenant.endpoints.health([endpoint.id]);
  return withHealth(endpoint, health);
}

function withHealth(endpoint: Endpoint, health: EndpointHealth = newHealth(endpoint.id)): EndpointDetails {
  const { endpointId: _, ...fared } = health;
  return { ...endpoint, ...fared };
}

/** The store checks its bounds. */
function parseLimit(text: string | null): number | undefined {
  if (text === null) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new OuthookError("invalid_limit", `limit is ${shown(text)}; it must be a whole number from 1 to 100`, {
    param: "limit",
  });
}
