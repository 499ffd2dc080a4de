import { describe, expect, it } from "vitest";
import type { Operation, Reply } from "../../src/http/index.ts";
import { OuthookError } from "../../src/index.ts";
import { error, serve } from "./served.ts";

function operation(perform: () => Reply): Operation {
  return { method: "GET", path: "/custom", can: "view", fields: null, perform: async () => perform() };
}

function throwing(thrown: unknown): Operation {
  return operation(() => {
    throw thrown;
  });
}

/** As another copy of the package makes it. */
function alike(fields: object): Error {
  return Object.assign(new Error("INTERNAL DETAIL"), { name: "OuthookError", ...fields });
}

describe("an operation of the host's own", () => {
  it("is answered with what its error of Outhook says", async () => {
    const fault = new OuthookError("invalid_url", "url is odd", { param: "url" });
    const { send, logged } = await serve({ operations: [throwing(fault)], error });
    const response = await send("GET /custom");
    expect([response.status, await response.json()]).toEqual([422, { code: "invalid_url", detail: "url is odd" }]);
    expect(logged).toEqual([]);
  });

  const detail = "INTERNAL DETAIL";
  const whole = { code: "not_found", detail, param: null, errors: [] };

  it.each([
    { what: "an error of another copy with a code of its own", thrown: alike({ ...whole, code: "quota_exceeded" }) },
    { what: "one with a name of Object's as its code", thrown: alike({ ...whole, code: "constructor" }) },
    { what: "one without a list of faults", thrown: alike({ ...whole, errors: undefined }) },
    { what: "one without a detail", thrown: alike({ code: "not_found", errors: [] }) },
    { what: "one with nothing but a code", thrown: alike({ code: "not_found" }) },
    { what: "a text", thrown: detail },
    { what: "nothing", thrown: undefined },
  ])("that throws $what is a 500, and logged", async ({ thrown }) => {
    const { send, logged } = await serve({ operations: [throwing(thrown)], error });
    const response = await send("GET /custom");
    expect([response.status, await response.text()]).toEqual([500, expect.not.stringContaining(detail)]);
    expect(logged).toEqual([{ error: thrown, instance: expect.stringMatching(/^urn:uuid:/) }]);
  });

  it("sends no body with a 204", async () => {
    const { send } = await serve({ operations: [operation(() => ({ status: 204, body: { id: 1 } }))], error });
    const response = await send("GET /custom");
    expect([response.status, response.body, response.headers.get("content-type")]).toEqual([204, null, null]);
  });

  it.each([99, 199, 600, 200.5, NaN, "200", undefined])("with the status %s is a 500, and logged", async (status) => {
    const { send, logged } = await serve({ operations: [operation(() => ({ status: status as number }))], error });
    expect((await send("GET /custom")).status).toBe(500);
    expect(logged.map((details) => String(details["error"]))).toEqual([expect.stringMatching(/status .* from 200/)]);
  });
});

describe("a contract whose error fails", () => {
  it.each([
    {
      what: "throws",
      broken: () => {
        throw new Error("a mistake in the contract");
      },
      says: "a mistake in the contract",
    },
    { what: "replies with no status", broken: () => ({ status: 99 }), says: "the status 99" },
  ])("as it $what rejects, for the framework to see", async ({ broken, says }) => {
    const { send } = await serve({ operations: [operation(() => ({ status: 200 }))], error: broken });
    await expect(send("GET /nothing")).rejects.toThrow(says);
    expect((await send("GET /custom")).status).toBe(200);
  });
});
