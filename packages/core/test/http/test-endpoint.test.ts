import { describe, expect, it } from "vitest";
import { createHandler, testEndpoint } from "../../src/http/index.ts";
import type { Outcome } from "../../src/index.ts";
import { createOuthook, memoryStore } from "../../src/index.ts";
import { error } from "./served.ts";

const contract = {
  operations: [
    testEndpoint({
      route: "POST /hooks/{id}/verify",
      status: 202,
      reply: ({ succeeded, attempt }) => ({ verified: succeeded, status: attempt.statusCode }),
    }),
  ],
  error,
};

/** A contract's API for an endpoint whose receiver answers when it is told to. */
async function serve() {
  const asked: ((outcome: Outcome) => void)[] = [];
  const outhook = createOuthook({
    store: memoryStore(),
    secretKeys: "plaintext",
    logger: { warn: () => undefined, error: () => undefined },
    transport: {
      send: () => new Promise((resolve) => asked.push(resolve)),
      close: async () => asked.forEach((end) => end({ kind: "local", message: "closed" })),
    },
  });
  await outhook.migrate();
  const { endpoint } = await outhook.tenant("acme").endpoints.create({ url: "https://hooks.example.com/" });
  const handler = createHandler(outhook, { contract, authenticate: () => ({ tenant: "acme", can: "manage" }) });
  const verify = async (): Promise<Response> =>
    await handler(new Request(`http://127.0.0.1/hooks/${endpoint.id}/verify`, { method: "POST" }));
  return { outhook, verify, asked };
}

describe("a test by a contract of the host's own", () => {
  it("is answered in the contract's words", async () => {
    const { verify, asked } = await serve();
    const verified = verify();
    await expect.poll(() => asked.length).toBe(1);
    asked[0]?.({ kind: "response", statusCode: 404, retryAfter: null, body: "" });
    const answer = await verified;
    expect([answer.status, await answer.json()]).toEqual([202, { verified: false, status: 404 }]);
  });

  it("is a 429 that says when to come again while another one is open", async () => {
    const { verify, asked } = await serve();
    const first = verify();
    await expect.poll(() => asked.length).toBe(1);
    const second = await verify();
    expect([second.status, second.headers.get("retry-after")]).toEqual([429, "1"]);
    expect(await second.json()).toMatchObject({ code: "rate_limited" });
    asked[0]?.({ kind: "response", statusCode: 200, retryAfter: null, body: "" });
    expect((await first).status).toBe(202);
  });

  it("is a 503 when the app closes meanwhile", async () => {
    const { outhook, verify, asked } = await serve();
    const open = verify();
    await expect.poll(() => asked.length).toBe(1);
    await outhook.close();
    expect((await open).status).toBe(503);
  });
});
