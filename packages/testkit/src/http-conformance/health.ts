import type { Outcome } from "@outhook/core";
import assert from "node:assert/strict";
import type { Api, HttpCaseGroup } from "./case.ts";
import { addEndpoint, deliver, expectStatus, listed } from "./steps.ts";

const refusedConnection: Outcome = {
  kind: "error",
  errorClass: "connection_refused",
  message: "the connection was refused",
};

export const healthCases: HttpCaseGroup = {
  group: "health",
  cases: [
    {
      name: "an endpoint shows its last success",
      run: async (api) => {
        const { id, view } = await addEndpoint(api);
        const at = await deliverLater(api);
        const expected = { ...view, last_delivery_at: at, last_success_at: at };
        assert.deepEqual((await api.send(`GET /endpoints/${id}`)).body, expected);
        assert.deepEqual(await listed(api), [expected]);
      },
    },
    {
      name: "an endpoint shows its failures",
      setup: { outcome: refusedConnection },
      run: async (api) => {
        const { id } = await addEndpoint(api);
        const at = await deliverLater(api);
        const { body } = await api.send(`GET /endpoints/${id}`);
        const { consecutive_failures, failing_since, last_delivery_at, last_success_at, last_error } = body;
        assert.deepEqual(
          { consecutive_failures, failing_since, last_delivery_at, last_success_at },
          { consecutive_failures: 1, failing_since: at, last_delivery_at: at, last_success_at: null },
        );
        assert.ok(typeof last_error === "string" && last_error !== "", "there is a last error");
        assert.deepEqual(await listed(api), [body]);
      },
    },
    {
      name: "an endpoint that answers 410 is disabled and says why",
      setup: { outcome: { kind: "response", statusCode: 410, retryAfter: null, body: "" } },
      run: async (api) => {
        const { id } = await addEndpoint(api);
        await deliverLater(api);
        const { body } = await api.send(`GET /endpoints/${id}`);
        assert.deepEqual([body["status"], body["disabled_reason"]], ["disabled", "gone"]);
        const again = await api.send(`PATCH /endpoints/${id}`, { json: { status: "disabled" } });
        assert.equal(expectStatus(again, 200).body["disabled_reason"], "gone", "disabled it is already");
      },
    },
  ],
};

/** Delivers a message a minute later, and tells when. */
async function deliverLater(api: Api): Promise<string> {
  api.clock.advance(60_000);
  await deliver(api);
  return new Date(api.clock.now()).toISOString();
}
