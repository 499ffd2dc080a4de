import type { EndpointStore, Outcome, Outhook, SecretStore, Store } from "@outhook/core";
import { createOuthook, defineEvents, memoryStore, OuthookError } from "@outhook/core";
import { createListener } from "@outhook/core/node";
import { once } from "node:events";
import { createServer } from "node:http";
import { z } from "zod";
import type { Answer } from "./openapi-description.ts";

/** A request to the API. */
export type Wish = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
};

export type TestServer = {
  readonly outhook: Outhook<typeof events, never>;
  readonly send: (wish: Wish) => Promise<Answer>;
  readonly close: () => Promise<void>;
};

/** Few, so that a test soon has too many. */
export const endpointsPerTenant = 3;

const money = z.object({ amount: z.int(), currency: z.string() }).meta({ id: "Money" });
const events = defineEvents({
  "loan.active": z.object({ id: z.string(), principal: money, fee: money }),
  "loan.expired": z.object({ at: z.date() }),
});
const silent = { warn: () => undefined, error: () => undefined };

/**
 * A real server of the API. Callers are `Bearer <tenant>:<view or manage>`; receivers answer with the status that their
 * URL ends in. The header `x-fault` asks for what no request can cause by itself: `authenticate` and `store` throw, `busy`
 * has the store locked, `hurry` the caller rate limited.
 */
export async function startServer(): Promise<TestServer> {
  let storeFault: Error | null = null;
  const outhook = createOuthook({
    store: failing(memoryStore(), () => storeFault),
    events,
    secretKeys: "plaintext",
    limits: { endpointsPerTenant },
    transport: { send: async ({ url }) => outcomeOf(url), close: async () => undefined },
    logger: silent,
  });
  await outhook.migrate();
  const listener = createListener(outhook, {
    authenticate: ({ headers }) => {
      if (headers["x-fault"] === "authenticate") throw new Error("the session service is down");
      const [, tenant, can] = /^Bearer (.+):(view|manage)$/.exec(headers.authorization ?? "") ?? [];
      if (tenant === undefined) return null;
      return { tenant, can: can === "manage" ? "manage" : "view" };
    },
    rateLimit: (_, { headers }) =>
      headers["x-fault"] === "hurry"
        ? { retryAfterSeconds: 29.5, limit: 100 }
        : { ok: true, limit: 100, remaining: 99, resetSeconds: 60 },
  });
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : ""}`;
  return {
    outhook,
    send: async ({ method, path, headers, body }) => {
      storeFault = storeFaults.get(headers["x-fault"]) ?? null;
      const response = await fetch(origin + path, { method, headers, body });
      storeFault = null;
      return { status: response.status, headers: response.headers, text: await response.text() };
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await outhook.close();
    },
  };
}

const storeFaults: ReadonlyMap<string | undefined, Error> = new Map([
  ["store", new Error("the disk is on fire")],
  ["busy", new OuthookError("store_busy", "another connection has held the write lock for 5000 ms")],
]);

/** The store, whose endpoints and their secrets cannot be reached while there is a fault. */
function failing(store: Store, fault: () => Error | null): Store {
  const failingGroup = <Group extends EndpointStore | SecretStore>(group: Group): Group => {
    const methods = Object.entries(group).map(([name, method]) => [
      name,
      async (input: never): Promise<unknown> => {
        const error = fault();
        if (error !== null) throw error;
        return await method(input);
      },
    ]);
    return Object.fromEntries(methods) as Group;
  };
  return { ...store, endpoints: failingGroup(store.endpoints), secrets: failingGroup(store.secrets) };
}

function outcomeOf(url: string): Outcome {
  const statusCode = Number(/\d+$/.exec(url)?.[0] ?? 200);
  return { kind: "response", statusCode, retryAfter: null, body: "" };
}
