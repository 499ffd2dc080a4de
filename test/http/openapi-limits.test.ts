import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Described, Description } from "./openapi-description.ts";
import { openDescription } from "./openapi-description.ts";
import type { TestServer } from "./openapi-server.ts";
import { startServer } from "./openapi-server.ts";

type Edge = { readonly field: string; readonly good: readonly unknown[]; readonly bad: readonly unknown[] };

const url = "https://hooks.example.com/";
const named = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, n) => [`n-${n}`, "v"]));

/** Values on both sides of each limit. */
const edges: readonly Edge[] = [
  { field: "url", good: [url.padEnd(2_048, "a")], bad: [url.padEnd(2_049, "a"), 7, null] },
  {
    field: "events",
    good: [[], ["*"], ["loan.*"], ["loan.active"], Array(100).fill("*")],
    bad: [Array(101).fill("*"), ["loan."], ["loan.ac*"], ["*.active"], [""], ["l".repeat(257)], [7], "loan.*", null],
  },
  { field: "description", good: ["", "a".repeat(500), null], bad: ["a".repeat(501), 7] },
  { field: "status", good: ["active", "disabled"], bad: ["paused", null] },
  {
    field: "headers",
    good: [{}, null, { "x-key": "a".repeat(4_096) }, { ["x".repeat(100)]: "\t~" }],
    bad: [
      { "x-key": "a".repeat(4_097) },
      { ["x".repeat(101)]: "a" },
      { "x-key": "é" },
      { "x key": "a" },
      { "x-key": 7 },
      [],
    ],
  },
  { field: "timeout_seconds", good: [3, 60], bad: [2, 61, 3.5, "15", null] },
  { field: "max_retries", good: [0, 50, null], bad: [-1, 51, 1.5, "7"] },
  {
    field: "metadata",
    good: [{}, null, { ["k".repeat(40)]: "v".repeat(500) }],
    bad: [{ ["k".repeat(41)]: "v" }, { "": "v" }, { key: "v".repeat(501) }, { key: 7 }, []],
  },
  { field: "rate_limit", good: [1, 1_000, null], bad: [0, 1_001, 1.5, "7"] },
  { field: "surprise", good: [], bad: [null] },
];

const operations: readonly { readonly id: string; readonly required: object; readonly edges: readonly Edge[] }[] = [
  {
    id: "createEndpoint",
    required: { url },
    edges: [
      ...edges,
      { field: "headers", good: [named(20)], bad: [named(21), { "x-key": null }] },
      { field: "metadata", good: [named(50)], bad: [named(51), { key: null }] },
      { field: "signing_version", good: ["v1", "v1a"], bad: ["v2", null] },
    ],
  },
  {
    id: "updateEndpoint",
    required: {},
    edges: [
      ...edges,
      { field: "headers", good: [named(20), { "x-key": null }], bad: [] },
      { field: "metadata", good: [named(50), { key: null }], bad: [] },
      { field: "signing_version", good: [], bad: ["v1"] },
    ],
  },
  {
    id: "rotateSecret",
    required: {},
    edges: [
      { field: "expire_current_in", good: [0, 86_400], bad: [-1, 86_401, 0.5, "0"] },
      { field: "surprise", good: [], bad: [null] },
    ],
  },
];

let server: TestServer;
let description: Description;

beforeAll(async () => {
  server = await startServer();
  const headers = { authorization: "Bearer acme:view" };
  description = openDescription(
    JSON.parse((await server.send({ method: "GET", path: "/openapi.json", headers, body: null })).text),
  );
});

afterAll(async () => await server.close());

describe.each(operations)("the description of $id", ({ id, required, edges: fields }) => {
  it.each(fields)("takes and refuses the same values of $field as the API", async ({ field, good, bad }) => {
    const [operation] = description.operations.filter((one) => one.id === id);
    if (operation === undefined) throw new Error(`${id} is not described`);
    const expected = [
      ...good.map((value) => ({ value, taken: true })),
      ...bad.map((value) => ({ value, taken: false })),
    ];
    for (const { value, taken } of expected) {
      const body = { ...required, [field]: value };
      const byDescription = description.requestFaults(operation, "application/json", body).length === 0;
      const status = await statusOf(operation, body);
      expect({ value, byDescription, status }).toEqual({
        value,
        byDescription: taken,
        status: taken ? expect.toSatisfy((code: number) => code < 300) : 422,
      });
    }
  });
});

async function statusOf({ method, path }: Described, body: object): Promise<number> {
  const tenant = crypto.randomUUID();
  const { endpoint } = await server.outhook.tenant(tenant).endpoints.create({ url });
  const { status } = await server.send({
    method,
    path: path.replace("{id}", endpoint.id),
    headers: { authorization: `Bearer ${tenant}:manage`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return status;
}
