import assert from "node:assert/strict";
import type { HttpCaseGroup } from "./case.ts";
import { addEndpoint, deliver, expectRefusal, expectStatus, faultsOf, hookUrl, listed, verdicts } from "./steps.ts";

/** What an endpoint shows that was created with nothing but a URL. */
const defaults = {
  url: hookUrl,
  events: ["*"],
  description: null,
  status: "active",
  disabled_reason: null,
  headers: [],
  timeout_seconds: 15,
  max_retries: null,
  rate_limit: null,
  metadata: {},
  signing_version: "v1",
  public_key: null,
  consecutive_failures: 0,
  failing_since: null,
  last_delivery_at: null,
  last_success_at: null,
  last_error: null,
  last_verified_at: null,
};

export const createCases: HttpCaseGroup = {
  group: "create",
  cases: [
    {
      name: "a URL suffices, and the answer shows every default",
      run: async (api) => {
        const { id, secret, view } = await addEndpoint(api);
        assert.match(id, /^ep_[0-9a-f]{32}$/);
        assert.match(secret, /^whsec_[A-Za-z0-9+/]{32,}={0,2}$/);
        const now = new Date(api.clock.now()).toISOString();
        const made = { id, secret_hint: `whsec_…${secret.slice(-4)}`, created_at: now, updated_at: now };
        assert.deepEqual(view, { ...defaults, ...made });
      },
    },
    {
      name: "what was set is what is shown, everywhere",
      run: async (api) => {
        const set = {
          events: ["loan.*", "customer.created"],
          description: "Production",
          timeout_seconds: 3,
          max_retries: 2,
          rate_limit: 20,
          metadata: { team: "lending" },
        };
        const headers = { "X-Api-Key": "key-of-acme-4711", authorization: "Basic a2V5LW9mLWFjbWU=" };
        const { id, view } = await addEndpoint(api, { ...set, headers });
        const { events, description, timeout_seconds, max_retries, rate_limit, metadata } = view;
        assert.deepEqual({ events, description, timeout_seconds, max_retries, rate_limit, metadata }, set);
        assert.deepEqual(view["headers"], ["authorization", "x-api-key"]);
        const read = expectStatus(await api.send(`GET /endpoints/${id}`), 200);
        assert.deepEqual(read.body, view);
        assert.deepEqual(await listed(api), [view]);
        assert.doesNotMatch(
          JSON.stringify([view, read.text]),
          /of-acme-4711|a2V5LW9mLWFjbWU/,
          "values of headers are never shown",
        );
      },
    },
    {
      name: "the custom headers are sent, and the secret verifies what is sent",
      run: async (api) => {
        const { secret } = await addEndpoint(api, { headers: { "X-Api-Key": " key-of-acme-4711 " } });
        const request = await deliver(api);
        assert.equal(request.headers["x-api-key"], "key-of-acme-4711");
        assert.deepEqual(verdicts(api, request, [secret]), ["verified"]);
      },
    },
    {
      name: "a v1a endpoint shows its public key always and its private key never",
      run: async (api) => {
        const { id, secret, view } = await addEndpoint(api, { signing_version: "v1a" });
        assert.match(secret, /^whsk_/);
        const publicKey = String(view["public_key"]);
        assert.match(publicKey, /^whpk_/);
        assert.equal(view["secret_hint"], `whsk_…${secret.slice(-4)}`);
        assert.deepEqual((await api.send(`GET /endpoints/${id}`)).body, view);
        assert.deepEqual(verdicts(api, await deliver(api), [publicKey]), ["verified"]);
      },
    },
    {
      name: "an endpoint can begin disabled",
      run: async (api) => {
        const { view } = await addEndpoint(api, { status: "disabled" });
        assert.deepEqual([view["status"], view["disabled_reason"]], ["disabled", "manual"]);
        await api.outhook.tenant("acme").send("loan.active", {});
        await api.outhook.dispatcher.runOnce();
        assert.deepEqual(api.sent, []);
      },
    },
    {
      name: "the same request twice makes two endpoints, each with a secret of its own",
      run: async (api) => {
        const [one, other] = [await addEndpoint(api), await addEndpoint(api)];
        assert.notEqual(one.id, other.id);
        assert.notEqual(one.secret, other.secret);
        assert.deepEqual(await listed(api), [other.view, one.view]);
      },
    },
    {
      name: "without a URL it is malformed",
      run: async (api) => {
        for (const request of [{ json: {} }, { json: { events: ["*"] } }, {}]) {
          await expectRefusal(api, "POST /endpoints", request, [400, "malformed_body", "url"]);
        }
      },
    },
    {
      name: "every value at fault is listed",
      run: async (api) => {
        const json = { url: "http://a.example/", events: ["a..b"], description: 7, timeout_seconds: 61 };
        const reply = await api.unchanged(() => api.send("POST /endpoints", { json }));
        assert.deepEqual(faultsOf(expectStatus(reply, 422)), [
          "description: invalid_description",
          "events[0]: invalid_events",
          "timeout_seconds: invalid_timeout",
          "url: invalid_url",
        ]);
      },
    },
  ],
};
