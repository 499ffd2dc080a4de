import { OuthookError } from "@outhook/core";
import assert from "node:assert/strict";
import { credentialsOf } from "./api.ts";
import type { ApiRequest, HttpCase, HttpCaseGroup } from "./case.ts";
import { allRoutes } from "./routes.ts";
import { expectProblem, expectRefusal, hookUrl } from "./steps.ts";

const create = { json: { url: hookUrl } };
const secretText = "select token from outhook_tokens at checkToken (/srv/app/auth.ts:12:3) 10.1.2.3";

/** Also what the host's own calls of Outhook throw is the host's. */
const thrown: readonly { readonly what: string; readonly error: () => Error }[] = [
  { what: "an error", error: () => new Error(secretText) },
  { what: "an error of Outhook", error: () => new OuthookError("not_found", secretText) },
];

export const authenticationCases: HttpCaseGroup = {
  group: "authentication",
  cases: [
    ...allRoutes.map(({ route }): HttpCase => ({
      name: `${route} is closed to nobody in particular`,
      run: async (api) => {
        const reply = await api.send(route, { as: null });
        expectProblem(reply, 401, "unauthenticated");
        assert.match(reply.headers["www-authenticate"] ?? "", /^Bearer\b/, "a 401 names the scheme (RFC 9110 §11.6.1)");
      },
    })),
    refused("a wrong token", { authorization: "Bearer token-of-nobody" }),
    refused("a blank header", { authorization: "" }),
    refused("two credentials of which the first is wrong", {
      authorization: ["Bearer token-of-nobody", credentialsOf("acme")],
    }),
    refused("a cookie", { cookie: `session=${credentialsOf("acme")}`, origin: "https://evil.example" }),
    {
      name: "an unknown path tells nobody in particular that it is unknown",
      run: async (api) => expectProblem(await api.send("GET /nothing", { as: null }), 401, "unauthenticated"),
    },
    {
      name: "who is not let in is answered before the body arrives",
      run: async (api) => {
        const body = { part: "{", ofBytes: 1_000 };
        if (api.bodies === "raw")
          await expectRefusal(api, "POST /endpoints", { as: null, body }, [401, "unauthenticated"]);
      },
    },
    ...thrown.map(({ what, error }): HttpCase => ({
      name: `${what} thrown in authenticate is a 500 without detail, and logged`,
      setup: {
        authenticate: () => {
          throw error();
        },
      },
      run: async (api) => {
        const { body, text } = await api.send("POST /endpoints", create);
        assert.deepEqual([body["status"], body["code"]], [500, "internal"]);
        assert.doesNotMatch(text, /checkToken/, "nothing of the error is shown");
        const [logged] = api.logged;
        assert.equal(logged?.["instance"], body["instance"], "the log names the instance of the answer");
        assert.match(String(logged?.["error"]), /outhook_tokens/, "the log has the error");
      },
    })),
    {
      name: "authenticate may be asynchronous and reject",
      setup: { authenticate: async () => await Promise.reject(new Error(secretText)) },
      run: async (api) => expectRefusal(api, "POST /endpoints", create, [500, "internal"]),
    },
  ],
};

function refused(what: string, headers: NonNullable<ApiRequest["headers"]>): HttpCase {
  return {
    name: `${what} is no credential`,
    run: async (api) => {
      await expectRefusal(api, "POST /endpoints", { as: null, headers, ...create }, [401, "unauthenticated"]);
      expectProblem(await api.send("GET /endpoints", { as: null, headers }), 401, "unauthenticated");
    },
  };
}
