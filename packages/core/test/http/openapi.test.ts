import { describe, expect, it } from "vitest";
import { openApiDocument } from "../../src/http/openapi.ts";

type Document = {
  readonly webhooks: Readonly<Record<string, { readonly post: Webhook }>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
};
type Webhook = {
  readonly operationId: string;
  readonly summary: string;
  readonly requestBody: { readonly content: Readonly<Record<string, { readonly schema: unknown }>> };
};

const open = (...given: Parameters<typeof openApiDocument>): Document => openApiDocument(...given) as Document;
const bodyOf = (webhook: Webhook | undefined): unknown => webhook?.requestBody.content["application/json"]?.schema;

const loan = { $schema: "https://json-schema.org/draft/2020-12/schema", $id: "loan", type: "object" };

describe("the description as served", () => {
  it("has a webhook for each event type, whose schema is a component", () => {
    const { webhooks, components } = open(
      [
        { type: "loan.active", schema: loan },
        { type: "ping", schema: null },
      ],
      "standard",
    );
    expect(Object.keys(webhooks)).toEqual(["loan.active", "ping"]);
    expect(webhooks["loan.active"]?.post).toMatchObject({ operationId: "receive.loan.active", summary: "loan.active" });
    expect(bodyOf(webhooks["loan.active"]?.post)).toMatchObject({
      required: ["type", "timestamp", "data"],
      properties: { type: { const: "loan.active" }, data: { $ref: "#/components/schemas/event.loan.active" } },
    });
    expect(components.schemas["event.loan.active"]).toEqual({ type: "object" });
    expect(Object.keys(components.schemas)).not.toContain("event.ping");
    expect(bodyOf(webhooks["ping"]?.post)).toMatchObject({ properties: { data: { description: expect.any(String) } } });
  });

  it("points into a schema where it now stands", () => {
    const place = "#/components/schemas/event.a";
    const schema = {
      properties: {
        self: { $ref: "#" },
        list: { type: "array", items: [{ $ref: "#/$defs/Money" }] },
        elsewhere: { $ref: "https://example.com/schema#/$defs/Money" },
        $ref: { type: "string" },
      },
      $defs: { Money: { type: "number" } },
    };
    const { components } = open([{ type: "a", schema }], "standard");
    expect(components.schemas["event.a"]).toEqual({
      ...schema,
      properties: {
        ...schema.properties,
        self: { $ref: place },
        list: { type: "array", items: [{ $ref: `${place}/$defs/Money` }] },
      },
    });
  });

  it("keeps the API's own schemas beside event types of the same name", () => {
    const { components } = open([{ type: "Endpoint", schema: loan }], "standard");
    expect(components.schemas["Endpoint"]).toEqual(open([], "standard").components.schemas["Endpoint"]);
    expect(components.schemas["event.Endpoint"]).toEqual({ type: "object" });
  });

  it("has one webhook for any event without a catalogue", () => {
    const { webhooks } = open([], "standard");
    expect(Object.keys(webhooks)).toEqual(["event"]);
    expect(bodyOf(webhooks["event"]?.post)).toMatchObject({ required: ["type", "timestamp", "data"] });
  });

  it.each([{ eventTypes: [] }, { eventTypes: [{ type: "loan.active", schema: loan }] }])(
    "says nothing of bodies in an envelope of the host's own: $eventTypes",
    ({ eventTypes }) => {
      const { webhooks, components } = open(eventTypes, "custom");
      expect(Object.values(webhooks).map(({ post }) => bodyOf(post))).toEqual([{}]);
      expect(Object.keys(components.schemas)).not.toContain("event.loan.active");
    },
  );
});
