import type { AnyEvents, Outhook, Outcome, Store, TransportRequest } from "@outhook/core";
import { createOuthook, memoryStore } from "@outhook/core";
import type { Principal } from "@outhook/core/http";
import assert from "node:assert/strict";
import { manualClock } from "../manual-clock.ts";
import type { Api, ApiRequest, Caller, Reply, Setup } from "./case.ts";
import type { Exchange } from "./checks.ts";
import { checkAnswer } from "./checks.ts";
import type { HttpMount } from "./mount.ts";
import type { WireAnswer, WireBody, WireRequest } from "./wire.ts";
import { connectTo } from "./wire.ts";

/** A case's API with what runs it. */
export type ServedApi = {
  readonly api: Api;
  /** Every request that was answered. */
  readonly exchanges: readonly Exchange[];
  readonly close: () => Promise<void>;
};

const principals: ReadonlyMap<Caller, Principal> = new Map([
  ["acme", { tenant: "acme", can: "manage" }],
  ["viewer", { tenant: "acme", can: "view" }],
  ["globex", { tenant: "globex", can: "manage" }],
]);

/** The credentials of a caller. */
export function credentialsOf(caller: Caller): string {
  return `Bearer token-of-${caller}`;
}

/** Serves a fresh outhook on a store in memory. */
export async function serveApi(mount: HttpMount, setup: Setup): Promise<ServedApi> {
  const { outhook, store, ...seen } = await startOuthook(setup);
  const { authenticate = knownCaller, rateLimit } = setup;
  const running = await mount.start({ outhook, authenticate, rateLimit });
  const wire = connectTo(running.url);
  const { bodies = "raw" } = mount;
  const exchanges: Exchange[] = [];

  const send: Api["send"] = async (route, request = {}) => {
    const wired = wireRequest(route, request);
    const { method, path } = wired;
    const answer = await wire.send(wired);
    const exchange = { method, path, asked: textOf(wired), answer };
    exchanges.push(exchange);
    const early = request.early === "server" || (request.early === "parser" && bodies === "host");
    if (early && isOfTheHost(answer)) return { ...answer, body: {}, ours: false };
    return { ...answer, body: checkAnswer(exchange), ours: true } satisfies Reply;
  };

  const unchanged: Api["unchanged"] = async (steps) => {
    const before = await everythingIn(store);
    const result = await steps();
    assert.deepEqual(await everythingIn(store), before, "nothing was written");
    return result;
  };

  return {
    api: {
      ...seen,
      outhook,
      bodies,
      send,
      unchanged,
      url: running.url,
      abort: (route, request) => wire.abort(wireRequest(route, request)),
      sendBytes: wire.sendBytes,
    },
    exchanges,
    close: async () => {
      wire.close();
      await running.close();
      await outhook.close();
    },
  };
}

async function startOuthook(setup: Setup): Promise<
  Pick<Api, "clock" | "sent" | "logged"> & {
    readonly outhook: Outhook<AnyEvents, never>;
    readonly store: Store;
  }
> {
  const { outcome = okOutcome, store: plant = (store) => store } = setup;
  const clock = manualClock();
  const store = memoryStore({ now: clock.now });
  const sent: TransportRequest[] = [];
  const logged: Readonly<Record<string, unknown>>[] = [];
  const outhook = createOuthook({
    store: plant(store),
    events: setup.events,
    secretKeys: "plaintext",
    limits: { endpointsPerTenant: setup.endpointsPerTenant },
    clock,
    random: () => 0,
    logger: { warn: () => undefined, error: (details) => logged.push(details) },
    transport: {
      send: async (request) => {
        sent.push(request);
        return outcome;
      },
      close: async () => undefined,
    },
  });
  await store.upkeep.migrate({ identity: { environment: "default", partitions: 64 }, adopt: false });
  return { outhook, store, clock, sent, logged };
}

const okOutcome: Outcome = { kind: "response", statusCode: 200, retryAfter: null, body: "" };

function knownCaller(authorization: string | undefined): Principal | null {
  const known = [...principals].find(([caller]) => credentialsOf(caller) === authorization);
  return known?.[1] ?? null;
}

/** All that a request can write, of both tenants. */
async function everythingIn({ endpoints }: Store): Promise<unknown> {
  return await endpoints.ofTenants({ tenants: ["acme", "globex"] });
}

function wireRequest(route: string, request: ApiRequest): WireRequest {
  const [method = "", path = ""] = route.split(/ (.*)/s);
  const { as = "acme", headers = {}, json, contentType = "application/json" } = request;
  const body = json === undefined ? (request.body ?? null) : JSON.stringify(json);
  const type = body === null || contentType === null ? {} : { "content-type": contentType };
  const authorization = as === null ? {} : { authorization: credentialsOf(as) };
  return { method, path, body, headers: { ...authorization, ...type, ...headers } };
}

/** An answer that does not look like one of ours. */
function isOfTheHost({ status, headers }: WireAnswer): boolean {
  const ours = headers["content-type"]?.startsWith("application/problem+json") === true;
  return status >= 400 && status < 500 && !ours;
}

function textOf({ path, headers, body }: WireRequest): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`);
  return [decoded(path), ...lines, "", bodyText(body)].join("\n");
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function bodyText(body: WireBody): string {
  if (body === null) return "";
  if (typeof body === "string") return body;
  if (body instanceof Uint8Array) return Buffer.from(body).toString();
  return "part" in body ? body.part : `${body.chunks.length} chunks`;
}
