import type { Outcome } from "@outhook/core";
import assert from "node:assert/strict";
import type { Api, ApiRequest, HttpCase, HttpCaseGroup, Reply } from "./case.ts";
import { addEndpoint, expectProblem, expectRefusal, expectStatus, textAt, unknownId, verdicts } from "./steps.ts";

const failures: readonly { readonly what: string; readonly outcome: Outcome; readonly attempt: object }[] = [
  {
    what: "an answer of 503",
    outcome: { kind: "response", statusCode: 503, retryAfter: "60", body: "later" },
    attempt: { status_code: 503, error_class: null, error: null, response_body: "later" },
  },
  {
    what: "an answer of 410",
    outcome: { kind: "response", statusCode: 410, retryAfter: null, body: "" },
    attempt: { status_code: 410, error_class: null, error: null, response_body: "" },
  },
  {
    what: "a redirect",
    outcome: { kind: "response", statusCode: 307, retryAfter: null, body: "" },
    attempt: { status_code: 307, error_class: null, error: null, response_body: "" },
  },
  {
    what: "a closed address",
    outcome: { kind: "error", errorClass: "blocked_address", message: "the host is not public" },
    attempt: {
      status_code: null,
      error_class: "blocked_address",
      error: "the host is not public",
      response_body: null,
    },
  },
];

/** Who may not test, or asks in a way that is refused. */
const refusals: readonly {
  readonly what: string;
  readonly request: ApiRequest;
  readonly refusal: Parameters<typeof expectRefusal>[3];
}[] = [
  { what: "nobody in particular", request: { as: null }, refusal: [401, "unauthenticated"] },
  { what: "a viewer", request: { as: "viewer" }, refusal: [403, "forbidden"] },
  { what: "another tenant", request: { as: "globex" }, refusal: [404, "not_found"] },
  {
    what: "a page of another site",
    request: { headers: { origin: "https://evil.example" } },
    refusal: [415, "unsupported_media_type"],
  },
  { what: "a body that is none", request: { body: "{", early: "parser" }, refusal: [400, "malformed_body"] },
  { what: "a field", request: { json: { type: "loan.active" } }, refusal: [422, "invalid_body", "type"] },
];

export const testSendCases: HttpCaseGroup = {
  group: "test",
  cases: [
    ...[{}, { json: {} }].map((request): HttpCase => ({
      name: `a test ${"json" in request ? "with an empty body" : "without a body"} is answered with its attempt, and the endpoint shows when it was`,
      run: async (api) => {
        const { id, view } = await addEndpoint(api);
        api.clock.advance(60_000);
        const at = new Date(api.clock.now()).toISOString();
        const { body } = await tested(api, id, request);
        const { headers } = onlySent(api);
        assert.deepEqual(body, {
          succeeded: true,
          attempt: {
            message_id: headers["webhook-id"],
            started_at: at,
            duration_ms: 0,
            status_code: 200,
            error_class: null,
            error: null,
            signature: headers["webhook-signature"],
            response_body: "",
          },
        });
        const expected = { ...view, last_verified_at: at };
        assert.deepEqual((await api.send(`GET /endpoints/${id}`)).body, expected);
      },
    })),
    {
      name: "a test is a message of a type of its own, with the endpoint's headers and a signature of every secret in force",
      run: async (api) => {
        const old = await addEndpoint(api, { events: ["loan.active"], headers: { "x-api-key": "key-of-acme-4711" } });
        const rotation = await api.send(`POST /endpoints/${old.id}/secret/rotate`, { json: { expire_current_in: 60 } });
        const secret = textAt(rotation.body, "secret");
        await tested(api, old.id);
        await tested(api, old.id);
        const ids = new Set(api.sent.map(({ headers }) => headers["webhook-id"]));
        assert.equal(ids.size, 2, "each test has a webhook-id of its own");
        for (const request of api.sent) {
          assert.deepEqual(verdicts(api, request, [secret, old.secret]), ["verified", "verified"]);
          assert.equal(request.headers["x-api-key"], "key-of-acme-4711");
          const timestamp = new Date(api.clock.now()).toISOString();
          const sent: unknown = JSON.parse(Buffer.from(request.body).toString());
          assert.deepEqual(sent, { type: "webhook.test", timestamp, data: {} });
        }
      },
    },
    ...failures.map(({ what, outcome, attempt }): HttpCase => ({
      name: `${what} is reported, and the endpoint stays as it was`,
      setup: { outcome },
      run: async (api) => {
        const { id, view } = await addEndpoint(api);
        const { body } = await api.unchanged(() => tested(api, id));
        assert.equal(body["succeeded"], false);
        const { message_id: _, started_at: __, duration_ms: ___, signature: ____, ...told } = Object(body["attempt"]);
        assert.deepEqual(told, attempt);
        assert.deepEqual((await api.send(`GET /endpoints/${id}`)).body, view);
        await api.outhook.dispatcher.runOnce();
        assert.equal(api.sent.length, 1, "it is not tried again");
      },
    })),
    {
      name: "a disabled endpoint can be tested, and stays disabled",
      run: async (api) => {
        const { id, view } = await addEndpoint(api, { status: "disabled" });
        assert.equal((await tested(api, id)).body["succeeded"], true);
        const { last_verified_at: _, ...shown } = (await api.send(`GET /endpoints/${id}`)).body;
        const { last_verified_at: __, ...before } = view;
        assert.deepEqual(shown, before);
      },
    },
    {
      name: "a test is no message in the log",
      run: async (api) => {
        const { id } = await addEndpoint(api);
        const messageId = textAt(Object((await tested(api, id)).body["attempt"]), "message_id");
        const acme = api.outhook.tenant("acme");
        assert.deepEqual((await acme.deliveries.list({ endpointId: id })).data, []);
        await assert.rejects(acme.messages.get(messageId), { code: "not_found" });
      },
    },
    {
      name: "a new URL was not tested, an old one that is set again was",
      run: async (api) => {
        const { id, view } = await addEndpoint(api);
        await tested(api, id);
        const patched = async (url: unknown): Promise<unknown> =>
          expectStatus(await api.send(`PATCH /endpoints/${id}`, { json: { url } }), 200).body["last_verified_at"];
        assert.equal(await patched(view["url"]), new Date(api.clock.now()).toISOString());
        assert.equal(await patched("https://other.example.com/"), null);
        assert.equal(await patched(view["url"]), null);
      },
    },
    ...refusals.map(({ what, request, refusal }): HttpCase => ({
      name: `${what} sends nothing`,
      run: async (api) => {
        const { id } = await addEndpoint(api);
        await expectRefusal(api, `POST /endpoints/${id}/test`, request, refusal);
        assert.deepEqual(api.sent, []);
      },
    })),
    {
      name: "an endpoint that is not there is sent nothing",
      run: async (api) => {
        const { id } = await addEndpoint(api);
        expectStatus(await api.send(`DELETE /endpoints/${id}`), 204);
        for (const gone of [id, unknownId]) {
          expectProblem(await api.send(`POST /endpoints/${gone}/test`), 404, "not_found", "id");
        }
        assert.deepEqual(api.sent, []);
      },
    },
  ],
};

async function tested(api: Api, id: string, request: ApiRequest = {}): Promise<Reply> {
  return expectStatus(await api.send(`POST /endpoints/${id}/test`, request), 200);
}

function onlySent({ sent }: Api): Api["sent"][number] {
  const [request, ...others] = sent;
  assert.ok(request !== undefined && others.length === 0, "one request was sent");
  return request;
}
