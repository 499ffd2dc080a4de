import type { ErrorCode, Store } from "@outhook/core";
import { OuthookError } from "@outhook/core";
import assert from "node:assert/strict";
import type { ApiRequest, HttpCase, HttpCaseGroup, Setup } from "./case.ts";
import type { Route } from "./routes.ts";
import { allRoutes } from "./routes.ts";
import { maxBodyBytes } from "./sizes.ts";
import {
  addEndpoint,
  expectProblem,
  expectRefusal,
  expectStatus,
  hookUrl,
  routeTo,
  textAt,
  unknownId,
} from "./steps.ts";

/** How to bring about a refusal of any route of a kind. */
type Trigger = {
  readonly status: number;
  readonly code: ErrorCode;
  readonly of: (route: Route) => boolean;
  readonly request?: ApiRequest;
  readonly setup?: Setup;
};

const readsBody = ({ json }: Route): boolean => json !== undefined;
const readsStore = ({ route }: Route): boolean => route.includes("/endpoints");
const every = (): boolean => true;

const outage = "SQLITE_ERROR: no such table outhook_endpoints (/srv/app/store.ts:12:3) at 10.1.2.3";

const triggers: readonly Trigger[] = [
  { status: 400, code: "malformed_body", of: readsBody, request: { body: "[]" } },
  { status: 401, code: "unauthenticated", of: every, request: { as: null } },
  { status: 403, code: "forbidden", of: ({ can }) => can === "manage", request: { as: "viewer" } },
  { status: 404, code: "not_found", of: ({ route }) => route.includes("{id}") },
  {
    status: 413,
    code: "body_too_large",
    of: readsBody,
    request: { body: " ".repeat(maxBodyBytes + 1), early: "parser" },
  },
  { status: 415, code: "unsupported_media_type", of: readsBody, request: { body: "{}", contentType: "text/plain" } },
  { status: 422, code: "invalid_body", of: readsBody, request: { json: { url: "https://a.example/", nothing: 1 } } },
  { status: 429, code: "rate_limited", of: every, setup: { rateLimit: () => ({ retryAfterSeconds: 1 }) } },
  { status: 500, code: "internal", of: readsStore, setup: { store: failing(() => new Error(outage)) } },
  {
    status: 500,
    code: "internal",
    of: (route) => !readsStore(route),
    setup: {
      authenticate: () => {
        throw new Error(outage);
      },
    },
  },
  {
    status: 503,
    code: "store_unavailable",
    of: readsStore,
    setup: { store: failing(() => new OuthookError("store_unavailable", outage, { hint: outage })) },
  },
];

const cases: readonly HttpCase[] = [
  ...allRoutes.flatMap((route) => [
    successCase(route),
    ...triggers.filter(({ of }) => of(route)).map((trigger) => refusalCase(route, trigger)),
  ]),
  {
    name: "409 of POST /endpoints",
    setup: { endpointsPerTenant: 1 },
    run: async (api) => {
      const { id } = await addEndpoint(api);
      await expectRefusal(api, "POST /endpoints", { json: { url: hookUrl } }, [409, "too_many_endpoints"]);
      await addEndpoint(api, {}, "globex");
      expectStatus(await api.send(`DELETE /endpoints/${id}`), 204);
      await addEndpoint(api);
    },
  },
  {
    name: "409 of POST /endpoints/{id}/secret/rotate",
    run: async (api) => {
      const { id } = await addEndpoint(api);
      const route = `POST /endpoints/${id}/secret/rotate`;
      for (let n = 2; n <= 10; n += 1) expectStatus(await api.send(route), 200);
      await expectRefusal(api, route, {}, [409, "too_many_secrets"]);
      expectStatus(await api.send(route, { json: { expire_current_in: 0 } }), 200);
    },
  },
  {
    name: "400 of GET /endpoints",
    run: async (api) => expectProblem(await api.send("GET /endpoints?limit=x"), 400, "invalid_limit", "limit"),
  },
];

/** Every route with every status that the API's description documents. */
export const statusCases: HttpCaseGroup = {
  group: "statuses",
  cases: [
    ...cases,
    {
      name: "the description documents these, 405 everywhere, and no others",
      run: async (api) => {
        const { body } = await api.send("GET /openapi.json");
        const documented = entriesOf(body["paths"]).flatMap(([path, methods]) =>
          entriesOf(methods).flatMap(([method, operation]) =>
            entriesOf(Object(operation).responses).map(([status]) => `${status} of ${method.toUpperCase()} ${path}`),
          ),
        );
        const expected = [...cases.map(({ name }) => name), ...allRoutes.map(({ route }) => `405 of ${route}`)];
        assert.deepEqual(documented.toSorted(), expected.toSorted());
      },
    },
    {
      name: "of many server errors at once each is in the log",
      setup: { store: failing(() => new Error(outage)) },
      run: async (api) => {
        const replies = await Promise.all(Array.from({ length: 10 }, () => api.send("GET /endpoints")));
        const told = replies.map((reply) => textAt(expectStatus(reply, 500).body, "instance"));
        const logged = api.logged.map((details) => textAt(details, "instance"));
        assert.deepEqual(logged.toSorted(), told.toSorted());
        assert.equal(new Set(told).size, replies.length);
      },
    },
  ],
};

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return Object.entries(Object(value));
}

function successCase({ route, status, json }: Route): HttpCase {
  return {
    name: `${status} of ${route}`,
    run: async (api) => {
      const { id } = await addEndpoint(api);
      expectStatus(await api.send(routeTo(route, id), { json }), status);
    },
  };
}

function refusalCase({ route, json }: Route, { status, code, request, setup }: Trigger): HttpCase {
  return {
    name: `${status} of ${route}`,
    setup,
    run: async (api) => {
      const body = request?.body === undefined ? { json } : {};
      const reply = await api.unchanged(() => api.send(routeTo(route, unknownId), { ...body, ...request }));
      expectProblem(reply, status, code);
      if (status === 429 || status === 503) assert.match(textAt(reply.headers, "retry-after"), /^\d+$/);
      if (status >= 500) assert.equal(api.logged[0]?.["instance"], reply.body["instance"], "the log has the instance");
    },
  };
}

/** A store whose endpoints and their secrets cannot be read or written. */
function failing(error: () => Error): (store: Store) => Store {
  const fail = async (): Promise<never> => {
    throw error();
  };
  const endpoints: Store["endpoints"] = {
    insert: fail,
    get: fail,
    list: fail,
    update: fail,
    verified: fail,
    delete: fail,
    ofTenants: fail,
    revisions: fail,
  };
  const secrets: Store["secrets"] = { rotate: fail, keptAnswer: fail, keyIds: fail, sealedWith: fail, reseal: fail };
  return (store) => ({ ...store, endpoints, secrets });
}
