import type { AnyEvents } from "@outhook/core";
import { defineEvents } from "@outhook/core";
import assert from "node:assert/strict";
import type { HttpCaseGroup } from "./case.ts";
import { addEndpoint, dataOf, expectRefusal, hookUrl } from "./steps.ts";

const loan = { type: "object", properties: { id: { type: "string" } }, required: ["id"] } as const;

/** A Standard Schema with a JSON Schema, and one without. */
const events: AnyEvents = defineEvents({
  "loan.active": {
    "~standard": {
      version: 1,
      vendor: "outhook",
      validate: (value: unknown) => ({ value }),
      jsonSchema: { input: () => loan, output: () => loan },
    },
  },
  "customer.created": {
    "~standard": { version: 1, vendor: "outhook", validate: (value: unknown) => ({ value }) },
  },
});

export const catalogueCases: HttpCaseGroup = {
  group: "catalogue",
  cases: [
    {
      name: "without a catalogue there are no event types to show",
      run: async (api) => assert.deepEqual((await api.send("GET /event-types")).body, { data: [], has_more: false }),
    },
    {
      name: "event types come in the catalogue's order, with their schemas",
      setup: { events },
      run: async (api) => {
        assert.deepEqual(dataOf(await api.send("GET /event-types")), [
          { type: "loan.active", schema: loan },
          { type: "customer.created", schema: null },
        ]);
      },
    },
    {
      name: "patterns must match something of the catalogue",
      setup: { events },
      run: async (api) => {
        await addEndpoint(api, { events: ["loan.active", "customer.*"] });
        const unknown = { json: { url: hookUrl, events: ["loan.active", "loan.closed"] } };
        await expectRefusal(api, "POST /endpoints", unknown, [422, "unknown_event_type", "events[1]"]);
      },
    },
    {
      name: "the OpenAPI description has the catalogue's event types as webhooks",
      setup: { events },
      run: async (api) => {
        const { body } = await api.send("GET /openapi.json");
        assert.match(String(body["openapi"]), /^3\.1\./);
        assert.deepEqual(Object.keys(Object(body["webhooks"])), ["loan.active", "customer.created"]);
      },
    },
  ],
};
