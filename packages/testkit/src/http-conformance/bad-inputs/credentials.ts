import type { Principal } from "@outhook/core/http";
import type { ApiRequest, HttpCase, HttpCaseGroup } from "../case.ts";
import { expectStatus, hookUrl } from "../steps.ts";

type Headers = NonNullable<ApiRequest["headers"]>;

/** Credentials that are none. The overrides (auth-445, auth-446) are cases of the groups `routing` and `tenancy`. */
const credentials: readonly (readonly [id: string, why: string, headers: Headers])[] = [
  ["auth-434", "blank token", { authorization: "Bearer " }],
  ["auth-435", "extra parts", { authorization: "bearer  x  y" }],
  ["auth-436", "wrong scheme", { authorization: "Basic Og==" }],
  ["auth-437", "enormous", { authorization: `Bearer ${"a".repeat(100_000)}` }],
  ["auth-438", "sent twice", { authorization: ["Bearer a", "Bearer b"] }],
  ["auth-443", "another site with the user's cookie", { cookie: "session=valid", origin: "https://evil.dev" }],
];

/** What an `authenticate` may return that is mistaken: it fails closed, never into a tenant that many share. */
const principals: readonly (readonly [id: string, why: string, returned: unknown])[] = [
  ["id-376", "undefined", undefined],
  ["id-376", "an empty text", ""],
  ["id-376", "false", false],
  ["id-376", "true", true],
  ["id-376", "a tenant without permission", { tenant: "acme" }],
  ["id-376", "an unknown permission", { tenant: "acme", can: "everything" }],
  ["id-376", "a list of permissions", { tenant: "acme", can: ["manage"] }],
  ["id-376", "no tenant", { can: "manage" }],
  ["id-376", "a tenant of null", { tenant: null, can: "manage" }],
  ["id-377", "an empty tenant", { tenant: "", can: "manage" }],
  ["id-379", "a tenant that is NaN", { tenant: Number.NaN, can: "manage" }],
  ["id-381", "a tenant that is an object", { tenant: {}, can: "manage" }],
  ["id-382", "a tenant with a NUL", { tenant: "a\u0000b", can: "manage" }],
  ["id-383", "a tenant that is a number", { tenant: 0, can: "manage" }],
];

export const credentialInputs: HttpCaseGroup = {
  group: "input credentials",
  cases: [
    ...credentials.map(([id, why, headers]): HttpCase => ({
      name: `${id}: ${why}`,
      run: async (api) => {
        const request = { as: null, headers, json: { url: hookUrl }, early: "server" } as const;
        expectStatus(await api.unchanged(() => api.send("POST /endpoints", request)), 401, 403, 431);
      },
    })),
    ...principals.map(([id, why, returned]): HttpCase => ({
      name: `${id}: authenticate returns ${why}`,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a mistake that the types would have found
      setup: { authenticate: () => returned as Principal },
      run: async (api) => {
        for (const route of ["POST /endpoints", "GET /endpoints", "GET /event-types"]) {
          const json = route.startsWith("POST ") ? { url: hookUrl } : undefined;
          expectStatus(await api.unchanged(() => api.send(route, { json })), 401, 500);
        }
      },
    })),
  ],
};
