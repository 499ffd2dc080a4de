import { join } from "node:path";
import { Pool } from "undici";
import type { Child } from "../process/child.ts";
import { startChild } from "../process/child.ts";
import { quantile } from "../statistics.ts";
import type { StoreSource } from "../stores.ts";
import { openOuthook, tableOf } from "../stores.ts";
import type { Route } from "./requests.ts";
import { endpoints, reader, requestOf, routes } from "./requests.ts";
import type { ApiCommands } from "./server-process.ts";

/** What one route was like; the quantiles are of one request, in milliseconds. */
export type Answered = {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Of the server. */
  readonly cpuSecondsPer1000: number;
};

export type Load = { readonly seconds: number; readonly callers: number; readonly profile: string | null };

type Api = {
  readonly server: Child<ApiCommands>;
  readonly pool: Pool;
  readonly ids: readonly string[];
  /** Requests so far, of all routes. */
  sent: number;
};

const warmUpShare = 0.5;
/** One answer in so many is looked into. */
const lookEvery = 97;

/**
 * Serves the API from a process of its own on an empty store, and calls each route for so long, one after the other. Throws
 * unless every answer has the status that it must have, and every endpoint that was created is there.
 */
export async function measureApi(source: StoreSource, load: Load): Promise<ReadonlyMap<Route, Answered>> {
  const place = await source.create();
  const ids = await prepare(place.location);
  const script = join(import.meta.dirname, "server-process.ts");
  const server = await startChild<ApiCommands>(script, { profile: load.profile });
  const port = await server.call("listen", place.location);
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: load.callers, allowH2: false });
  const api: Api = { server, pool, ids, sent: 0 };
  try {
    const found = new Map<Route, Answered>();
    let created = 0;
    for (const route of routes) {
      const before = api.sent;
      await measureRoute(api, route, { ...load, seconds: load.seconds * warmUpShare });
      found.set(route, await measureRoute(api, route, load));
      if (route === "create") created += api.sent - before;
    }
    const { rows } = await place.query(
      `select cast(count(*) as integer) as rows from ${tableOf(place.location, "endpoints")}`,
    );
    if (rows !== endpoints + created)
      throw new Error(`${endpoints + created} endpoints were created and ${rows} are there`);
    await server.call("close");
    return found;
  } finally {
    await pool.destroy();
    await server.end();
    await place.destroy();
  }
}

async function prepare(location: Parameters<typeof openOuthook>[0]): Promise<readonly string[]> {
  const outhook = openOuthook(location);
  await outhook.migrate();
  const ids: string[] = [];
  for (let n = 0; n < endpoints; n += 1) {
    const fields = { url: `http://127.0.0.1:1/${n}`, events: ["loan.*"], description: "Production" };
    ids.push((await outhook.tenant(reader).endpoints.create(fields)).endpoint.id);
  }
  await outhook.close();
  return ids;
}

async function measureRoute(api: Api, route: Route, { seconds, callers }: Load): Promise<Answered> {
  const elapsed: number[] = [];
  const before = await api.server.usage();
  const start = performance.now();
  const callOn = async (): Promise<void> => {
    while (performance.now() - start < seconds * 1_000) {
      const sentAt = performance.now();
      await call(api, route);
      elapsed.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: callers }, callOn));
  const elapsedMs = performance.now() - start;
  const after = await api.server.usage();
  return {
    perSecond: (elapsed.length / elapsedMs) * 1_000,
    p50: quantile(elapsed, 0.5),
    p99: quantile(elapsed, 0.99),
    cpuSecondsPer1000: (after.cpuUs - before.cpuUs) / 1_000 / elapsed.length,
  };
}

async function call(api: Api, route: Route): Promise<void> {
  const n = api.sent++;
  const { tenant, method, path, body, status, holds } = requestOf(route, n, api.ids);
  const headers = {
    authorization: `Bearer ${tenant}`,
    ...(body === null ? {} : { "content-type": "application/json" }),
  };
  const answer = await api.pool.request({ method, path, headers, body });
  if (answer.statusCode !== status)
    throw new Error(`${method} ${path}: ${answer.statusCode} ${await answer.body.text()}`);
  if (n % lookEvery !== 0) return await answer.body.dump();
  if (!holds(await answer.body.json())) throw new Error(`${method} ${path}: the answer does not hold what it must`);
}
