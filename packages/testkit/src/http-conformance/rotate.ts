import assert from "node:assert/strict";
import type { Api, ApiRequest, HttpCase, HttpCaseGroup, Reply } from "./case.ts";
import { addEndpoint, deliver, expectRefusal, expectStatus, listed, textAt, verdicts } from "./steps.ts";

const dayInSeconds = 86_400;

export const rotateCases: HttpCaseGroup = {
  group: "rotate",
  cases: [
    {
      name: "it answers with the new secret, and with when the old one ends",
      run: async (api) => {
        const { id, secret } = await addEndpoint(api);
        const { body } = await rotated(api, id);
        assert.deepEqual(Object.keys(body).toSorted(), ["id", "previous_secret_expires_at", "secret"]);
        assert.equal(body["id"], id);
        assert.match(textAt(body, "secret"), /^whsec_/);
        assert.notEqual(body["secret"], secret);
      },
    },
    overlapCase("an hour without a body", {}, 3_600),
    overlapCase("an hour with an empty one", { json: {} }, 3_600),
    overlapCase("the seconds asked for", { json: { expire_current_in: 1 } }, 1),
    overlapCase("a day at most", { json: { expire_current_in: dayInSeconds } }, dayInSeconds),
    overlapCase("not at all", { json: { expire_current_in: 0 } }, null),
    {
      name: "it refuses any other time",
      run: async (api) => {
        const { id } = await addEndpoint(api);
        for (const seconds of [-1, dayInSeconds + 1, 1.5, "60", "soon", null, true, [], 1e21]) {
          const json = { expire_current_in: seconds };
          const refusal = [422, "invalid_secret", "expire_current_in"] as const;
          await expectRefusal(api, `POST /endpoints/${id}/secret/rotate`, { json }, refusal);
        }
      },
    },
    {
      name: "the hint follows, and no other route shows the secret",
      run: async (api) => {
        const { id, view } = await addEndpoint(api);
        api.clock.advance(1_000);
        const secret = textAt((await rotated(api, id)).body, "secret");
        const updated_at = new Date(api.clock.now()).toISOString();
        const expected = { ...view, secret_hint: `whsec_…${secret.slice(-4)}`, updated_at };
        assert.deepEqual((await api.send(`GET /endpoints/${id}`)).body, expected);
        assert.deepEqual(await listed(api), [expected]);
      },
    },
    {
      name: "both secrets sign until the old one ends",
      run: async (api) => {
        const old = await addEndpoint(api);
        const secret = textAt((await rotated(api, old.id, { json: { expire_current_in: 60 } })).body, "secret");
        assert.deepEqual(verdicts(api, await deliver(api), [secret, old.secret]), ["verified", "verified"]);
        api.clock.advance(61_000);
        assert.deepEqual(verdicts(api, await deliver(api), [secret, old.secret]), ["verified", "bad_signature"]);
      },
    },
    {
      name: "a leaked secret ends at once",
      run: async (api) => {
        const old = await addEndpoint(api);
        const secret = textAt((await rotated(api, old.id, { json: { expire_current_in: 0 } })).body, "secret");
        assert.deepEqual(verdicts(api, await deliver(api), [secret, old.secret]), ["verified", "bad_signature"]);
      },
    },
    {
      name: "a v1a endpoint gets a new pair of keys",
      run: async (api) => {
        const { id, view } = await addEndpoint(api, { signing_version: "v1a" });
        assert.match(textAt((await rotated(api, id)).body, "secret"), /^whsk_/);
        const { body } = await api.send(`GET /endpoints/${id}`);
        assert.match(textAt(body, "public_key"), /^whpk_/);
        assert.notEqual(body["public_key"], view["public_key"]);
      },
    },
  ],
};

function overlapCase(name: string, request: ApiRequest, seconds: number | null): HttpCase {
  return {
    name: `the old secret goes on for ${name}`,
    run: async (api) => {
      const { id } = await addEndpoint(api);
      const end = seconds === null ? null : new Date(api.clock.now() + seconds * 1_000).toISOString();
      assert.equal((await rotated(api, id, request)).body["previous_secret_expires_at"], end);
    },
  };
}

async function rotated(api: Api, id: string, request: ApiRequest = {}): Promise<Reply> {
  return expectStatus(await api.send(`POST /endpoints/${id}/secret/rotate`, request), 200);
}
