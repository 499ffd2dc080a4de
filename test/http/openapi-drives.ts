import type { Described } from "./openapi-description.ts";
import type { TestServer, Wish } from "./openapi-server.ts";
import { endpointsPerTenant } from "./openapi-server.ts";

/** A way to ask, tried on every operation, also where it makes no difference. */
export type Drive = {
  readonly name: string;
  readonly wish: (wish: Wish) => Wish;
  /** What happened before to the tenant of the endpoint `id`. */
  readonly before?: (server: TestServer, tenant: string, id: string) => Promise<void>;
};

const json = { "content-type": "application/json" };

/** A request of each operation with which nothing is wrong. */
export function goodWish({ id: operationId, method, path }: Described, tenant: string, endpointId: string): Wish {
  const bodies: Readonly<Record<string, object>> = {
    createEndpoint: {
      url: "https://hooks.example.com/200",
      events: ["loan.*"],
      description: "Production",
      status: "disabled",
      headers: { authorization: "Bearer 3f9a" },
      timeout_seconds: 3,
      max_retries: 2,
      metadata: { team: "payments" },
      rate_limit: 20,
      signing_version: "v1a",
    },
    updateEndpoint: { events: [], headers: { "x-key": "k", authorization: null }, metadata: null, max_retries: null },
    rotateSecret: { expire_current_in: 60 },
    testEndpoint: {},
  };
  const body = bodies[operationId];
  return {
    method,
    path: path.replace("{id}", endpointId),
    headers: { authorization: `Bearer ${tenant}:manage`, ...(body !== undefined && json) },
    body: body === undefined ? null : JSON.stringify(body),
  };
}

export const drives: readonly Drive[] = [
  { name: "as it should be", wish: (wish) => wish },
  { name: "after deliveries that succeeded", wish: (wish) => wish, before: deliver(200) },
  { name: "after deliveries that failed", wish: (wish) => wish, before: deliver(503) },
  { name: "after the receiver was gone", wish: (wish) => wish, before: deliver(410) },
  { name: "with a page", wish: (wish) => ({ ...wish, path: `${wish.path}?limit=1` }) },
  { name: "with an idempotency key", wish: withHeader("idempotency-key", '"key-1"') },
  { name: "with a merge patch", wish: withHeader("content-type", "application/merge-patch+json") },
  { name: "dropping older secrets", wish: withBody({ expire_current_in: 0 }) },
  { name: "with nobody's credentials", wish: withHeader("authorization", "Basic bm9ib2R5") },
  { name: "as a viewer", wish: changed((authorization) => authorization.replace("manage", "view")) },
  { name: "as another tenant", wish: changed((authorization) => authorization.replace("Bearer ", "Bearer other-")) },
  { name: "by another method", wish: (wish) => ({ ...wish, method: "PUT" }) },
  { name: "without JSON", wish: withText('{"url":') },
  { name: "without fields", wish: withText("[]") },
  { name: "with a limit that is none", wish: (wish) => ({ ...wish, path: `${wish.path}?limit=101` }) },
  { name: "with a cursor that is none", wish: (wish) => ({ ...wish, path: `${wish.path}?starting_after=1` }) },
  { name: "with a key that is none", wish: withHeader("idempotency-key", "a b") },
  { name: "with too much", wish: withText(`"${"a".repeat(1_048_576)}"`) },
  { name: "with other content", wish: withHeader("content-type", "text/plain") },
  { name: "with a field that is not known", wish: withBody({ url: "https://hooks.example.com", surprise: 1 }) },
  { name: "with two values that are not valid", wish: withBody({ url: "ftp://x", timeout_seconds: 1 }) },
  { name: "with a secret that ends too late", wish: withBody({ expire_current_in: 86_401 }) },
  { name: "having everything already", wish: (wish) => wish, before: fill },
  { name: "too often", wish: withHeader("x-fault", "hurry") },
  { name: "while nobody can be authenticated", wish: withHeader("x-fault", "authenticate") },
  { name: "while the store throws", wish: withHeader("x-fault", "store") },
  { name: "while the store is busy", wish: withHeader("x-fault", "busy") },
];

function withHeader(name: string, value: string): Drive["wish"] {
  return (wish) => ({ ...wish, headers: { ...wish.headers, [name]: value } });
}

function changed(change: (authorization: string) => string): Drive["wish"] {
  return (wish) => withHeader("authorization", change(wish.headers["authorization"] ?? ""))(wish);
}

/** Only where a body belongs. */
function withText(body: string): Drive["wish"] {
  return (wish) => (wish.body === null ? wish : { ...wish, body });
}

function withBody(body: object): Drive["wish"] {
  return withText(JSON.stringify(body));
}

function deliver(status: number): NonNullable<Drive["before"]> {
  return async ({ outhook }, tenant, id) => {
    await outhook.tenant(tenant).endpoints.update(id, { url: `https://hooks.example.com/${status}` });
    await outhook.tenant(tenant).send("loan.expired", { at: new Date(0) });
    await outhook.dispatcher.runOnce();
  };
}

/** As many endpoints and secrets as there may be. */
async function fill({ outhook }: TestServer, tenant: string, id: string): Promise<void> {
  const { endpoints } = outhook.tenant(tenant);
  const { data } = await endpoints.list();
  for (let count = data.length; count < endpointsPerTenant; count += 1) {
    await endpoints.create({ url: "https://hooks.example.com" });
  }
  for (let count = 1; count < 10; count += 1) await endpoints.rotateSecret(id);
}
