import assert from "node:assert/strict";
import type { Api, ApiRequest, Caller, HttpCase, HttpCaseGroup, Reply } from "./case.ts";
import { addEndpoint, expectProblem, expectStatus, hookUrl, listed, textAt } from "./steps.ts";

const dayMs = 24 * 60 * 60 * 1_000;
const otherUrl = "https://other.example.com/";

export const idempotencyCases: HttpCaseGroup = {
  group: "idempotency",
  cases: [
    {
      name: "a create sent again gets the same bytes, its secret and Location included",
      run: async (api) => {
        const first = await created(api, "k1");
        api.clock.advance(1_000);
        const again = await api.unchanged(() => created(api, "k1"));
        assert.equal(again.text, first.text);
        assert.equal(again.headers["location"], first.headers["location"]);
        assert.equal((await listed(api)).length, 1);
      },
    },
    {
      name: "a rotation sent again gets the same bytes, its secret included",
      run: async (api) => {
        const { id } = await addEndpoint(api);
        const route = `POST /endpoints/${id}/secret/rotate`;
        const request = { headers: { "idempotency-key": "k1" }, json: { expire_current_in: 60 } };
        const first = expectStatus(await api.send(route, request), 200);
        api.clock.advance(1_000);
        const again = await api.unchanged(() => api.send(route, request));
        assert.equal(again.text, first.text);
      },
    },
    {
      name: "a key may be quoted: the quotes are not part of it",
      run: async (api) => {
        const first = await created(api, '"k1"');
        assert.equal((await created(api, "k1")).text, first.text);
        assert.equal((await created(api, " k1 ")).text, first.text);
      },
    },
    {
      name: "the order of the fields and the white space between them do not matter",
      run: async (api) => {
        const headers = { "idempotency-key": "k1" };
        const json = { url: hookUrl, description: "d", metadata: { a: "1", b: "2" } };
        const first = expectStatus(await api.send("POST /endpoints", { headers, json }), 201);
        const body = ` {"metadata":{"b":"2","a":"1"},\n"description":"d","url":"${hookUrl}"}`;
        assert.equal(expectStatus(await api.send("POST /endpoints", { headers, body }), 201).text, first.text);
      },
    },
    {
      name: "another body under the same key is a mismatch",
      run: async (api) => {
        const first = await created(api, "k1");
        for (const json of [{ url: otherUrl }, { url: hookUrl, description: "d" }]) {
          const reply = await api.unchanged(() => api.send("POST /endpoints", withKey("k1", json)));
          expectProblem(reply, 422, "idempotency_mismatch");
        }
        assert.equal((await created(api, "k1")).text, first.text);
      },
    },
    scopeCase("tenant", async (api) => [await created(api, "k1"), await created(api, "k1", "globex")]),
    scopeCase("key", async (api) => [await created(api, "k1"), await created(api, "K1")]),
    scopeCase("route", async (api) => {
      const first = await created(api, "k1");
      const route = `POST /endpoints/${textAt(first.body, "id")}/secret/rotate`;
      return [first, expectStatus(await api.send(route, withKey("k1", {})), 200)];
    }),
    scopeCase("endpoint's rotation", async (api) => {
      const ids = [(await addEndpoint(api)).id, (await addEndpoint(api)).id];
      const [one, other] = ids.map((id) => api.send(`POST /endpoints/${id}/secret/rotate`, withKey("k1", {})));
      assert.ok(one && other);
      return [expectStatus(await one, 200), expectStatus(await other, 200)];
    }),
    {
      name: "a viewer gets nothing of an answer that is kept",
      run: async (api) => {
        await created(api, "k1");
        const reply = await api.send("POST /endpoints", { ...withKey("k1", { url: hookUrl }), as: "viewer" });
        expectProblem(reply, 403, "forbidden");
      },
    },
    ...[
      { what: "malformed", request: { body: "{", early: "parser" }, status: 400 },
      { what: "of a wrong value", request: { json: { url: "http://a.example/" } }, status: 422 },
      { what: "without credentials", request: { json: { url: hookUrl }, as: null }, status: 401 },
    ].map(({ what, request, status }): HttpCase => ({
      name: `a request ${what} does not use its key`,
      run: async (api) => {
        const headers = { "idempotency-key": "k1" };
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the literals above have been widened
        const refused = await api.send("POST /endpoints", { headers, ...(request as ApiRequest) });
        if (refused.ours) expectStatus(refused, status);
        await created(api, "k1");
      },
    })),
    {
      name: "a create that was too many does not use its key",
      setup: { endpointsPerTenant: 1 },
      run: async (api) => {
        const { id } = await addEndpoint(api);
        expectStatus(await api.send("POST /endpoints", withKey("k1", { url: hookUrl })), 409);
        expectStatus(await api.send(`DELETE /endpoints/${id}`), 204);
        const first = await created(api, "k1");
        assert.equal((await created(api, "k1")).text, first.text, "at the limit it is still answered again");
        assert.deepEqual(
          (await listed(api)).map((endpoint) => endpoint["id"]),
          [first.body["id"]],
        );
      },
    },
    {
      name: "the answer is the first one, whatever has happened since",
      run: async (api) => {
        const first = await created(api, "k1");
        expectStatus(await api.send(`DELETE /endpoints/${textAt(first.body, "id")}`), 204);
        assert.equal((await created(api, "k1")).text, first.text);
        assert.deepEqual(await listed(api), []);
      },
    },
    {
      name: "a key is forgotten after 24 hours, with the secret",
      run: async (api) => {
        const first = await created(api, "k1");
        api.clock.advance(dayMs - 1);
        assert.equal((await created(api, "k1")).text, first.text);
        api.clock.advance(1);
        const next = await created(api, "k1");
        assert.notEqual(next.body["secret"], first.body["secret"]);
        assert.equal((await listed(api)).length, 2);
      },
    },
    {
      name: "of fifty at once one creates, and all get its answer",
      run: async (api) => {
        const replies = await Promise.all(
          Array.from({ length: 50 }, () => api.send("POST /endpoints", withKey("k1", { url: hookUrl }))),
        );
        const done = replies.filter(({ status }) => status !== 409);
        for (const reply of done) expectStatus(reply, 201);
        assert.equal(new Set(done.map(({ text }) => text)).size, 1);
        assert.equal((await listed(api)).length, 1);
      },
    },
    {
      name: "a key on a PATCH or a DELETE means nothing",
      run: async (api) => {
        const { id } = await addEndpoint(api);
        for (const description of ["one", "two"]) {
          const reply = await api.send(`PATCH /endpoints/${id}`, withKey("k1", { description }));
          assert.equal(expectStatus(reply, 200).body["description"], description);
        }
        const headers = { "idempotency-key": "k1" };
        expectStatus(await api.send(`DELETE /endpoints/${id}`, { headers }), 204);
        expectStatus(await api.send(`DELETE /endpoints/${id}`, { headers }), 404);
      },
    },
  ],
};

/** Two requests that one key does not connect. */
function scopeCase(what: string, requests: (api: Api) => Promise<readonly [Reply, Reply]>): HttpCase {
  return {
    name: `a key of another ${what} is another key`,
    run: async (api) => {
      const [one, other] = await requests(api);
      assert.notEqual(other.body["secret"], one.body["secret"]);
    },
  };
}

async function created(api: Api, key: string, as: Caller = "acme"): Promise<Reply> {
  return expectStatus(await api.send("POST /endpoints", { as, ...withKey(key, { url: hookUrl }) }), 201);
}

function withKey(key: string, json: object): ApiRequest {
  return { headers: { "idempotency-key": key }, json };
}
