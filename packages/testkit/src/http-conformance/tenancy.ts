import assert from "node:assert/strict";
import type { HttpCase, HttpCaseGroup, Reply } from "./case.ts";
import type { Route } from "./routes.ts";
import { endpointRoutes } from "./routes.ts";
import { addEndpoint, expectProblem, expectStatus, idsOf, listed, routeTo, unknownId } from "./steps.ts";

/** Routes that a contract might have for an endpoint's parts: none may tell one tenant of another's. */
const furtherRoutes: readonly string[] = [
  "POST /endpoints/{id}/recover",
  "POST /endpoints/{id}/replay",
  "GET /endpoints/{id}/secret",
  "GET /endpoints/{id}/deliveries",
  "GET /endpoints/{id}/stats",
  "GET /deliveries/{id}",
  "GET /deliveries/{id}/attempts",
  "GET /messages/{id}",
];

/** Ways to ask for another tenant than one's own. */
const claims: readonly { readonly how: string; readonly query?: string; readonly headers?: Record<string, string> }[] =
  [
    { how: "a query parameter", query: "?tenant=globex&tenantId=globex&tenant_id=globex" },
    { how: "a header", headers: { "x-tenant-id": "globex", "x-tenant": "globex" } },
  ];

export const tenancyCases: HttpCaseGroup = {
  group: "tenancy",
  cases: [
    ...endpointRoutes.map(routeCase),
    ...furtherRoutes.map((route): HttpCase => ({
      name: `${route} tells nothing of another tenant's`,
      run: async (api) => {
        const { id } = await addEndpoint(api, {}, "globex");
        const reply = await api.unchanged(() => api.send(routeTo(route, id), { json: {} }));
        expectStatus(reply, 404, 405);
        assert.deepEqual(told(reply, id), told(await api.send(routeTo(route, unknownId), { json: {} }), unknownId));
      },
    })),
    {
      name: "a list has the endpoints of the caller's tenant only",
      run: async (api) => {
        const { view } = await addEndpoint(api);
        const other = await addEndpoint(api, {}, "globex");
        assert.deepEqual(await listed(api), [view]);
        assert.deepEqual(await listed(api, "viewer"), [view]);
        assert.deepEqual(await listed(api, "globex"), [other.view]);
      },
    },
    {
      name: "another tenant's id as a cursor shows nothing of it",
      run: async (api) => {
        const { id } = await addEndpoint(api);
        const other = await addEndpoint(api, {}, "globex");
        const reply = await api.send(`GET /endpoints?starting_after=${other.id}`);
        if (expectStatus(reply, 200, 400).status === 200) assert.deepEqual(idsOf(reply), [id]);
      },
    },
    ...claims.map(({ how, query = "", headers }): HttpCase => ({
      name: `${how} does not choose the tenant`,
      run: async (api) => {
        const { id } = await addEndpoint(api);
        await addEndpoint(api, {}, "globex");
        assert.deepEqual(idsOf(expectStatus(await api.send(`GET /endpoints${query}`, { headers }), 200)), [id]);
      },
    })),
  ],
};

function routeCase({ route, json }: Route): HttpCase {
  return {
    name: `${route} treats another tenant's id as an unknown one`,
    run: async (api) => {
      const { id } = await addEndpoint(api, {}, "globex");
      const reply = await api.unchanged(() => api.send(routeTo(route, id), { json }));
      expectProblem(reply, 404, "not_found");
      assert.deepEqual(told(reply, id), told(await api.send(routeTo(route, unknownId), { json }), unknownId));
    },
  };
}

/** What an answer says, whichever id and occurrence it is about. */
function told({ status, headers, text, body }: Reply, id: string): unknown {
  const { date: _, ...others } = headers;
  return { status, headers: others, text: text.replaceAll(id, "{id}").replace(String(body["instance"]), "") };
}
