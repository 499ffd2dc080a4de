import { OuthookError } from "@outhook/core";
import type { Principal, RateLimitResult } from "@outhook/core/http";
import assert from "node:assert/strict";
import { inspect } from "node:util";
import type { HttpCase, HttpCaseGroup } from "./case.ts";
import { expectProblem, expectRefusal, expectStatus, hookUrl } from "./steps.ts";

const create = { json: { url: hookUrl } };
const outage = "connect ECONNREFUSED 10.1.2.3:6379";

/** What no hook may say. */
const nonsense: readonly unknown[] = [{}, { retryAfterSeconds: Infinity }, { ok: true, limit: "100\r\n" }];

/** What the hook says, and the headers that tell the caller. */
const results: readonly {
  readonly name: string;
  readonly result: RateLimitResult;
  readonly told: Readonly<Record<string, string>>;
}[] = [
  { name: "nothing is told of a limit without numbers", result: { ok: true }, told: {} },
  {
    name: "what is left is told",
    result: { ok: true, limit: 100, remaining: 99, resetSeconds: 29.2 },
    told: { "ratelimit-limit": "100", "ratelimit-remaining": "99", "ratelimit-reset": "30" },
  },
  {
    name: "the time to wait is told in whole seconds",
    result: { retryAfterSeconds: 0.2 },
    told: { "retry-after": "1" },
  },
  {
    name: "of a limit that is used up everything is told",
    result: { ok: false, retryAfterSeconds: 30, limit: 100 },
    told: { "retry-after": "30", "ratelimit-limit": "100", "ratelimit-remaining": "0", "ratelimit-reset": "30" },
  },
];

export const rateLimitCases: HttpCaseGroup = {
  group: "rate limit",
  cases: [
    ...results.map(({ name, result, told }): HttpCase => ({
      name,
      setup: { rateLimit: () => result },
      run: async (api) => {
        const reply = await api.send("GET /endpoints");
        if (result.ok === true) expectStatus(reply, 200);
        else expectProblem(reply, 429, "rate_limited");
        const headers = Object.entries(reply.headers).filter(([header]) => /^(?:ratelimit|retry)-/.test(header));
        assert.deepEqual(Object.fromEntries(headers), told);
      },
    })),
    countedCase(),
    {
      name: "what is refused writes nothing",
      setup: { rateLimit: () => ({ retryAfterSeconds: 1 }) },
      run: async (api) => await expectRefusal(api, "POST /endpoints", create, [429, "rate_limited"]),
    },
    {
      name: "answers other than success tell the limit too",
      setup: { rateLimit: () => ({ ok: true, limit: 5, remaining: 4 }) },
      run: async (api) => {
        for (const [route, status] of [
          ["GET /nothing", 404],
          ["GET /endpoints?limit=x", 400],
        ] as const) {
          const { headers } = expectStatus(await api.send(route), status);
          assert.equal(headers["ratelimit-remaining"], "4");
        }
      },
    },
    ...nonsense.map((said): HttpCase => ({
      name: `a hook that says ${inspect(said)} is a 500 that lets nobody in, and logged by its name`,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as hosts without types have it
      setup: { rateLimit: () => said as RateLimitResult },
      run: async (api) => {
        await expectRefusal(api, "POST /endpoints", create, [500, "internal"]);
        assert.match(String(api.logged[0]?.["error"]), /rateLimit/);
      },
    })),
    ...[new Error(outage), new OuthookError("not_found", outage)].map((thrown): HttpCase => ({
      name: `an ${thrown.name} in the hook is a 500 without detail, and logged`,
      setup: { rateLimit: async () => await Promise.reject(thrown) },
      run: async (api) => {
        await expectRefusal(api, "POST /endpoints", create, [500, "internal"]);
        assert.match(String(api.logged[0]?.["error"]), /ECONNREFUSED/);
      },
    })),
  ],
};

function countedCase(): HttpCase {
  const asked: Principal[] = [];
  return {
    name: "the hook is asked once for each principal's request, and never for nobody",
    setup: {
      rateLimit: (principal) => {
        asked.push(principal);
        return { ok: true };
      },
    },
    run: async (api) => {
      asked.length = 0;
      expectStatus(await api.send("GET /endpoints", { as: null }), 401);
      expectStatus(await api.send("GET /endpoints", { as: "viewer" }), 200);
      expectStatus(await api.send("GET /nothing", { as: "globex" }), 404);
      assert.deepEqual(asked, [
        { tenant: "acme", can: "view" },
        { tenant: "globex", can: "manage" },
      ]);
    },
  };
}
