import type { AnyEvents, OuthookOptions } from "@outhook/core";
import { createOuthook, defineEvents, memoryStore } from "@outhook/core";
import { createHandler } from "@outhook/core/http";
import type { ReceivedRequest } from "@outhook/testkit";
import { startReceiver } from "@outhook/testkit";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Description } from "./openapi-description.ts";
import { membersOf, openDescription } from "./openapi-description.ts";

const money = z.object({ amount: z.int() }).meta({ id: "Money" });
const note = z.object({
  text: z.string(),
  get replies() {
    return z.array(note);
  },
});
const events = defineEvents({
  "loan.active": z.object({ id: z.string(), principal: money, note }),
  "loan.expired": z.object({ at: z.date() }),
});
const loan = { id: "ln_1", principal: { amount: 5 }, note: { text: "a", replies: [{ text: "b", replies: [] }] } };

describe("a delivery", () => {
  it.each([
    { catalogue: "a catalogue", options: { events }, type: "loan.active", data: loan, webhook: "loan.active" },
    {
      catalogue: "a type whose schema nobody can write down",
      options: { events },
      type: "loan.expired",
      data: { at: new Date(0) },
      webhook: "loan.expired",
    },
    { catalogue: "no catalogue", options: {}, type: "anything", data: [1], webhook: "event" },
    {
      catalogue: "an envelope of the host's own",
      options: { events, wire: { envelope: ({ id }: { readonly id: string }) => [id] } },
      type: "loan.active",
      data: loan,
      webhook: "loan.active",
    },
  ])("is what the description says, with $catalogue", async ({ options, type, data, webhook }) => {
    const { request, description } = await delivered(options, type, data);
    expect(bodyFaults(description, webhook, JSON.parse(request.body))).toEqual([]);
    expect(headerFaults(description, webhook, request)).toEqual([]);
  });

  it.each([
    { fault: "another type", body: { type: "loan.expired", timestamp: "2026-03-04T10:00:00.000Z", data: loan } },
    { fault: "no timestamp", body: { type: "loan.active", data: loan } },
    { fault: "other data", body: { type: "loan.active", timestamp: "2026-03-04T10:00:00.000Z", data: {} } },
    {
      fault: "a fault inside of a schema that refers to itself",
      body: {
        type: "loan.active",
        timestamp: "2026-03-04T10:00:00.000Z",
        data: { ...loan, note: { text: "a", replies: [{ text: 7, replies: [] }] } },
      },
    },
  ])("is not described by a body with $fault", async ({ body }) => {
    const { description } = await delivered({ events }, "loan.active", loan);
    expect(bodyFaults(description, "loan.active", body)).not.toEqual([]);
  });
});

/** Sends an event to a real receiver whose secret is being rotated, and reads the description of the API. */
async function delivered(
  options: Partial<OuthookOptions<AnyEvents, never>>,
  type: string,
  data: unknown,
): Promise<{ readonly request: ReceivedRequest; readonly description: Description }> {
  const receiver = await startReceiver();
  const network = { allow: ["127.0.0.1/32"], allowHttp: true };
  const outhook = createOuthook({ store: memoryStore(), secretKeys: "plaintext", network, ...options });
  try {
    await outhook.migrate();
    const acme = outhook.tenant("acme");
    const { endpoint } = await acme.endpoints.create({ url: receiver.url() });
    await acme.endpoints.rotateSecret(endpoint.id);
    await acme.send(type, data);
    await outhook.dispatcher.runOnce();
    const [request] = await receiver.waitFor(1);
    if (request === undefined) throw new Error("nothing was received");
    const handler = createHandler(outhook, { authenticate: () => ({ tenant: "acme", can: "view" }) });
    const answer = await handler(new Request("http://localhost/openapi.json"));
    return { request, description: openDescription(JSON.parse(await answer.text())) };
  } finally {
    await outhook.close();
    await receiver.close();
  }
}

function bodyFaults({ faultsOf, member }: Description, webhook: string, body: unknown): readonly string[] {
  return faultsOf(
    member("#", "webhooks", webhook, "post", "requestBody", "content", "application/json", "schema"),
    body,
  );
}

function headerFaults(
  { at, member, faultsOf }: Description,
  webhook: string,
  request: ReceivedRequest,
): readonly string[] {
  const parameters = member("#", "webhooks", webhook, "post", "parameters");
  const count = Object.keys(membersOf(at(parameters))).length;
  expect(count).toBe(3);
  return Array.from({ length: count }, (_, index) => member(parameters, String(index))).flatMap((parameter) => {
    const { name } = membersOf(at(parameter));
    return faultsOf(member(parameter, "schema"), request.headers[String(name)]);
  });
}
