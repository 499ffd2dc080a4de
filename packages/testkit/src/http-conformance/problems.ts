import assert from "node:assert/strict";
import type { HttpCaseGroup } from "./case.ts";
import { addEndpoint, expectProblem, expectStatus, hookUrl, textAt, unknownId } from "./steps.ts";

export const problemCases: HttpCaseGroup = {
  group: "problems",
  cases: [
    {
      name: "type and title are the same for one code, and instance names the occurrence",
      run: async (api) => {
        const one = (await api.send(`GET /endpoints/${unknownId}`)).body;
        const other = (await api.send(`DELETE /endpoints/${unknownId}`)).body;
        const last = (await api.send("GET /nothing")).body;
        assert.deepEqual([other["type"], other["title"]], [one["type"], one["title"]]);
        assert.deepEqual([last["type"], last["title"]], [one["type"], one["title"]]);
        assert.equal(new Set([one["instance"], other["instance"], last["instance"]]).size, 3);
        const unlike = (await api.send("PUT /endpoints")).body;
        assert.notEqual(unlike["type"], one["type"]);
      },
    },
    {
      name: "a single value at fault is in param and in errors",
      run: async (api) => {
        const { body } = await api.send("POST /endpoints", { json: { url: hookUrl, timeout_seconds: 90 } });
        const { param, detail, code } = body;
        assert.deepEqual([param, code], ["timeout_seconds", "invalid_timeout"]);
        assert.deepEqual(body["errors"], [{ param, detail, code }]);
      },
    },
    {
      name: "a fault that no value is to blame for has neither",
      run: async (api) => {
        const { body } = await api.send("GET /nothing");
        assert.deepEqual([body["param"], body["errors"]], [undefined, undefined]);
      },
    },
    {
      name: "places are named as the caller knows them",
      run: async (api) => {
        const json = { url: hookUrl, timeout_seconds: 90, max_retries: -1 };
        const { text } = await api.send("POST /endpoints", { json });
        assert.doesNotMatch(text, /timeoutSeconds|maxRetries/);
        const { id } = await addEndpoint(api);
        const rotation = await api.send(`POST /endpoints/${id}/secret/rotate`, { json: { expire_current_in: -1 } });
        assert.doesNotMatch(rotation.text, /expireCurrentInSeconds/);
        assert.doesNotMatch((await api.send("GET /endpoints?starting_after=x")).text, /startingAfter/);
      },
    },
    {
      name: "what the operator could change is not the caller's business",
      setup: { endpointsPerTenant: 1 },
      run: async (api) => {
        const local = await api.send("POST /endpoints", { json: { url: "https://localhost/hook" } });
        const plain = await api.send("POST /endpoints", { json: { url: "http://a.example/" } });
        await addEndpoint(api);
        const full = await api.send("POST /endpoints", { json: { url: hookUrl } });
        for (const { text } of [local, plain, full]) {
          assert.doesNotMatch(text, /allowHttp|network|limits|operator|endpointsPerTenant|"acme"/);
        }
      },
    },
    {
      name: "what was received is shown short, and what is invisible in it is spelled out",
      run: async (api) => {
        const url = `https://a.example/\u202e\u0007${"x".repeat(1_000)}`;
        const { body } = await api.send("POST /endpoints", { json: { url } });
        const detail = textAt(body, "detail");
        assert.match(detail, /202e/);
        assert.ok(detail.length < 300, "the detail is short");
        const unknown = { json: { url: hookUrl, [`\u202e${"y".repeat(1_000)}`]: 1 } };
        expectProblem(await api.send("POST /endpoints", unknown), 422, "invalid_body");
      },
    },
    {
      name: "credentials are never shown again",
      run: async (api) => {
        const password = "p4ssw0rd-of-acme";
        const headers = { authorization: `Bearer ${password}` };
        const json = { url: `https://user:${password}@a.example/`, headers: { "x-a": `${password}\u00e9` } };
        const replies = [
          expectStatus(await api.send("GET /endpoints", { as: null, headers }), 401),
          expectStatus(await api.send("POST /endpoints", { json }), 422),
        ];
        for (const { text } of replies) assert.ok(!text.includes(password), "the password is not shown");
      },
    },
  ],
};
