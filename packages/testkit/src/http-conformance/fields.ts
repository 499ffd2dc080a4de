import type { ErrorCode } from "@outhook/core";
import assert from "node:assert/strict";
import type { HttpCase, HttpCaseGroup } from "./case.ts";
import { addEndpoint, expectProblem, expectRefusal, expectStatus, faultsOf, hookUrl } from "./steps.ts";

/** Values at the edge of what a field takes. */
type Edge = {
  readonly field: string;
  readonly taken: readonly unknown[];
  readonly refused: readonly unknown[];
  readonly code: ErrorCode;
};

const many = (count: number, item: (n: number) => string): readonly string[] =>
  Array.from({ length: count }, (_, n) => item(n));
const mapOf = (count: number, name: string, value: string): object =>
  Object.fromEntries(many(count, (n) => `${name}${n}`).map((key) => [key, value]));
const url = (length: number): string => "https://a.example/".padEnd(length, "x");

const edges: readonly Edge[] = [
  { field: "url", code: "invalid_url", taken: [url(2_048)], refused: [url(2_049), "", 7, null, {}] },
  {
    field: "events",
    code: "invalid_events",
    taken: [[], many(100, (n) => `loan.t${n}`), ["a".repeat(256)], ["A_1.b.*"]],
    refused: [many(101, (n) => `loan.t${n}`), ["a".repeat(257)], "*", {}, [7], [""], ["loan.**"]],
  },
  {
    field: "description",
    code: "invalid_description",
    taken: [null, "", "x".repeat(500), "a\tb\nc", "<b>é🔑</b>"],
    refused: ["x".repeat(501), 7, false, [], "a\u0000b", "a\u001bb"],
  },
  { field: "status", code: "invalid_body", taken: ["active", "disabled"], refused: ["paused", "", null, true] },
  {
    field: "headers",
    code: "invalid_headers",
    taken: [{}, null, mapOf(20, "x-", "v"), { "x-a": "v".repeat(4_096) }, { "x-a": "" }],
    refused: [
      mapOf(21, "x-", "v"),
      { "x-a": "v".repeat(4_097) },
      { "x-a": 7 },
      [],
      "x-a: v",
      { "x a": "v" },
      { "x-a": "v\nx-b: w" },
    ],
  },
  {
    field: "timeout_seconds",
    code: "invalid_timeout",
    taken: [3, 60],
    refused: [2, 61, 3.5, "15", null, true, -1, 1e21],
  },
  { field: "max_retries", code: "invalid_max_retries", taken: [null, 0, 5], refused: [-1, 51, 1.5, "5", true, []] },
  {
    field: "rate_limit",
    code: "invalid_rate_limit",
    taken: [null, 1, 1_000],
    refused: [0, 1_001, -1, 1.5, "5", "fast", true, {}],
  },
  {
    field: "metadata",
    code: "invalid_metadata",
    taken: [{}, null, mapOf(50, "k", "v"), { ["k".repeat(40)]: "v".repeat(500) }, { "a b": "" }],
    refused: [mapOf(51, "k", "v"), { ["k".repeat(41)]: "v" }, { k: "v".repeat(501) }, { k: 7 }, { "": "v" }, [], "k"],
  },
];

/** What nobody can set, with a value that looks right. */
const readOnly: Readonly<Record<string, unknown>> = {
  id: "ep_00000000000000000000000000000001",
  tenant: "globex",
  disabled_reason: null,
  secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  secret_hint: "whsec_…aaaa",
  public_key: null,
  consecutive_failures: 0,
  failing_since: null,
  last_delivery_at: null,
  last_success_at: null,
  last_error: null,
  last_verified_at: null,
  created_at: "2026-01-01T00:00:00.000Z",
  updated_at: "2026-01-01T00:00:00.000Z",
};

export const fieldCases: HttpCaseGroup = {
  group: "fields",
  cases: [
    ...edges.flatMap(edgeCases),
    ...Object.entries(readOnly).map(([field, value]): HttpCase => ({
      name: `${field} cannot be set`,
      run: async (api) => {
        const json = { [field]: value };
        const refusal = [422, "invalid_body", field] as const;
        await expectRefusal(api, "POST /endpoints", { json: { url: hookUrl, ...json } }, refusal);
        const { id } = await addEndpoint(api);
        await expectRefusal(api, `PATCH /endpoints/${id}`, { json }, refusal);
      },
    })),
    {
      name: "signing_version is v1 or v1a, and cannot be changed",
      run: async (api) => {
        for (const version of ["v2", "", null, 1]) {
          const json = { url: hookUrl, signing_version: version };
          const reply = await api.unchanged(() => api.send("POST /endpoints", { json }));
          assert.equal(expectStatus(reply, 422).body["param"], "signing_version");
        }
        const { id } = await addEndpoint(api);
        const json = { signing_version: "v1a" };
        await expectRefusal(api, `PATCH /endpoints/${id}`, { json }, [422, "invalid_body", "signing_version"]);
      },
    },
    {
      name: "unknown fields are refused, each by its name",
      run: async (api) => {
        const json = { url: hookUrl, URL: hookUrl, toString: 1, constructor: 2 };
        const reply = await api.unchanged(() => api.send("POST /endpoints", { json }));
        expectProblem(reply, 422, "invalid_body");
        assert.deepEqual(faultsOf(reply), ["URL: invalid_body", "constructor: invalid_body", "toString: invalid_body"]);
      },
    },
    {
      name: "of a flood of unknown fields the answer lists a few",
      run: async (api) => {
        // About as many as fit into a body.
        const body = `{"url":"${hookUrl}",${many(115_000, (n) => `"${n.toString(36)}":1`).join(",")}}`;
        const reply = await api.unchanged(() => api.send("POST /endpoints", { body, early: "parser" }));
        if (!reply.ours) return;
        expectProblem(reply, 422, "invalid_body");
        assert.ok(faultsOf(reply).length <= 20, "at most 20 are listed");
        assert.ok(reply.text.length < 65_536, `the answer has ${reply.text.length} characters`);
      },
    },
  ],
};

function edgeCases({ field, taken, refused, code }: Edge): readonly HttpCase[] {
  return [
    {
      name: `${field} takes all that it may hold`,
      run: async (api) => {
        for (const value of taken) {
          const { id } = await addEndpoint(api);
          const json = { [field]: value };
          expectStatus(await api.send("POST /endpoints", { json: { url: hookUrl, ...json } }), 201);
          expectStatus(await api.send(`PATCH /endpoints/${id}`, { json }), 200);
        }
      },
    },
    {
      name: `${field} refuses what lies beyond`,
      run: async (api) => {
        const { id } = await addEndpoint(api);
        for (const value of refused) {
          for (const route of ["POST /endpoints", `PATCH /endpoints/${id}`]) {
            const json = { url: hookUrl, [field]: value };
            const reply = await api.unchanged(() => api.send(route, { json }));
            expectProblem(reply, 422, code);
            assert.ok(String(reply.body["param"]).startsWith(field), "param begins with the field");
          }
        }
      },
    },
  ];
}
