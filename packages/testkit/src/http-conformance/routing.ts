import assert from "node:assert/strict";
import { credentialsOf } from "./api.ts";
import type { HttpCase, HttpCaseGroup } from "./case.ts";
import { addEndpoint, expectProblem, expectRefusal, expectStatus, hookUrl, idsOf, routeTo, textAt } from "./steps.ts";

const unknownPaths: readonly string[] = [
  "/",
  "/nothing",
  "/Endpoints",
  "/endpoints/",
  "//endpoints",
  "/endpoints/{id}/",
  "/endpoints//secret/rotate",
  "/endpoints/{id}/secret",
  "/endpoints/{id}/secret/rotate/now",
  "/endpoints/{id}/secret%2Frotate",
  "/endpoints/{id}/test/",
  "/endpoints/{id}/tests",
  "/event-types.json",
  "/openapi",
  "/endpoints;v=1",
];

const refusedMethods: readonly { readonly route: string; readonly allow: string }[] = [
  { route: "PUT /endpoints", allow: "GET, HEAD, POST" },
  { route: "PATCH /endpoints", allow: "GET, HEAD, POST" },
  { route: "DELETE /endpoints", allow: "GET, HEAD, POST" },
  { route: "OPTIONS /endpoints", allow: "GET, HEAD, POST" },
  { route: "POST /endpoints/{id}", allow: "DELETE, GET, HEAD, PATCH" },
  { route: "PUT /endpoints/{id}", allow: "DELETE, GET, HEAD, PATCH" },
  { route: "GET /endpoints/{id}/secret/rotate", allow: "POST" },
  { route: "HEAD /endpoints/{id}/secret/rotate", allow: "POST" },
  { route: "GET /endpoints/{id}/test", allow: "POST" },
  { route: "DELETE /endpoints/{id}/test", allow: "POST" },
  { route: "POST /event-types", allow: "GET, HEAD" },
  { route: "DELETE /openapi.json", allow: "GET, HEAD" },
];

export const routingCases: HttpCaseGroup = {
  group: "routing",
  cases: [
    ...unknownPaths.map((path): HttpCase => ({
      name: `there is nothing at ${path}`,
      run: async (api) => {
        const { id } = await addEndpoint(api);
        await expectRefusal(api, routeTo(`GET ${path}`, id), {}, [404, "not_found"]);
        await expectRefusal(api, routeTo(`POST ${path}`, id), { json: { url: hookUrl } }, [404, "not_found"]);
      },
    })),
    ...refusedMethods.map(({ route, allow }): HttpCase => ({
      name: `${route} is a 405 that names ${allow}`,
      run: async (api) => {
        const { id } = await addEndpoint(api);
        const reply = await api.unchanged(() => api.send(routeTo(route, id)));
        expectStatus(reply, 405);
        assert.equal(reply.headers["allow"], allow, "the methods allowed (RFC 9110 §10.2.1)");
        if (!route.startsWith("HEAD ")) expectProblem(reply, 405, "method_not_allowed");
      },
    })),
    {
      name: "a percent-encoded id is the id",
      run: async (api) => {
        const { id, view } = await addEndpoint(api);
        const spelled = Array.from(id, (letter) => `%${letter.charCodeAt(0).toString(16)}`).join("");
        assert.deepEqual(expectStatus(await api.send(`GET /endpoints/${spelled}`), 200).body, view);
      },
    },
    {
      name: "an encoded slash does not end a segment",
      run: async (api) => {
        const { id } = await addEndpoint(api);
        await expectRefusal(api, `POST /endpoints/${id}%2Fsecret%2Frotate`, { json: {} }, [405, "method_not_allowed"]);
        await expectRefusal(api, `GET /endpoints%2F${id}`, {}, [404, "not_found"]);
      },
    },
    {
      name: "a segment that is not percent-encoded UTF-8 names nothing",
      run: async (api) => {
        for (const segment of ["%", "%zz", "%ff", "%c0%ae"]) {
          expectProblem(await api.send(`GET /endpoints/${segment}`, { early: "server" }), 404, "not_found");
        }
      },
    },
    {
      name: "of a target that names a whole URL only the path counts, if the server takes it",
      run: async (api) => {
        const lines = ["host: localhost", `authorization: ${credentialsOf("acme")}`, "connection: close", "", ""];
        const target = "http://evil.example{mount}/endpoints?limit=1";
        const status = await api.sendBytes([`GET ${target} HTTP/1.1`, ...lines].join("\r\n"));
        assert.ok(status === 200 || status === 400, `the status is ${status}`);
      },
    },
    {
      name: "HEAD answers as GET without the body",
      run: async (api) => {
        const { id } = await addEndpoint(api);
        for (const path of ["/endpoints", `/endpoints/${id}`, "/event-types", "/openapi.json"]) {
          const head = expectStatus(await api.send(`HEAD ${path}`), 200);
          assert.match(head.headers["content-type"] ?? "", /^application\/json/);
        }
        expectStatus(await api.send("HEAD /nothing"), 404);
        expectStatus(await api.send("HEAD /endpoints", { as: null }), 401);
      },
    },
    {
      name: "the method cannot be overridden",
      run: async (api) => {
        const { id } = await addEndpoint(api);
        const headers = {
          "x-http-method-override": "DELETE",
          "x-http-method": "DELETE",
          "x-method-override": "DELETE",
        };
        const route = `POST /endpoints/${id}?_method=DELETE`;
        await expectRefusal(api, route, { headers, json: {} }, [405, "method_not_allowed"]);
        expectStatus(await api.unchanged(() => api.send(`GET /endpoints/${id}`, { headers })), 200);
      },
    },
    {
      name: "unknown query parameters are left alone",
      run: async (api) => {
        const { id } = await addEndpoint(api);
        assert.deepEqual(idsOf(expectStatus(await api.send("GET /endpoints?utm=1&&=&a[]=%zz"), 200)), [id]);
      },
    },
    {
      name: "Location leads to the new endpoint, whatever the Host header says",
      run: async (api) => {
        const forged = { host: "evil.example", "x-forwarded-host": "evil.example", "x-forwarded-proto": "gopher" };
        const headers = { ...forged, forwarded: "host=evil.example", "x-forwarded-prefix": "/evil" };
        const reply = await api.send("POST /endpoints?from=here", { headers, json: { url: hookUrl } });
        const location = textAt(expectStatus(reply, 201).headers, "location");
        const found = new URL(location, `${api.url}/endpoints?from=here`);
        assert.equal(found.href, `${api.url}/endpoints/${textAt(reply.body, "id")}`);
        assert.doesNotMatch(reply.text + location, /evil/);
      },
    },
  ],
};
