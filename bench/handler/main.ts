/**
 * What the management API costs over a route written by hand on the same rows, in each framework.
 *
 * Every round loads the hand-written server and Outhook's in turn, in processes of their own on files of their own, with 16
 * connections from this process. Figures are medians; a ratio is Outhook's time per request over the bare one's. Run it with
 * `pnpm bench handler`. It exits 1 when a read is above 1.3 or a write above 1.2.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Pool } from "undici";
import { createOuthook } from "../../packages/core/src/index.ts";
import { sqliteStore } from "../../packages/sqlite/src/index.ts";

const rounds = 5;
const roundMs = 1_500;
const connections = 16;
const endpoints = 100;
const bounds = { read: 1.3, write: 1.2 };

type Load = {
  readonly name: string;
  readonly kind: "read" | "write";
  readonly request: (n: number, ids: readonly string[]) => Sent;
};
type Sent = {
  readonly tenant?: string;
  readonly method: "GET" | "POST" | "PATCH";
  readonly path: string;
  readonly body?: string;
};

const idAt = (ids: readonly string[], n: number): string => ids[n % ids.length] ?? "";
const loads: readonly Load[] = [
  { name: "get", kind: "read", request: (n, ids) => ({ method: "GET", path: `/webhooks/endpoints/${idAt(ids, n)}` }) },
  { name: "list 25", kind: "read", request: () => ({ method: "GET", path: "/webhooks/endpoints?limit=25" }) },
  {
    name: "update",
    kind: "write",
    request: (n, ids) => ({
      method: "PATCH",
      path: `/webhooks/endpoints/${idAt(ids, n)}`,
      body: JSON.stringify({ description: `Production ${n}` }),
    }),
  },
  {
    name: "create",
    kind: "write",
    request: (n) => ({
      // Over as many tenants as an app has, so that none gets more endpoints than it may have.
      tenant: `tenant${n % 5_000}`,
      method: "POST",
      path: "/webhooks/endpoints",
      body: JSON.stringify({ url: `https://example.com/hooks/${n}`, events: ["loan.*"], description: "Production" }),
    }),
  },
];

let failed = false;
console.log("framework  request      bare µs  outhook µs   ratio (rounds)       CPU ratio");
for (const framework of ["express", "fastify", "hono"]) {
  const bare = await startServer(framework, "bare");
  const ours = await startServer(framework, "outhook");
  for (const load of loads) await compare(framework, load, { bare, ours });
  await bare.stop();
  await ours.stop();
}
process.exitCode = failed ? 1 : 0;

async function compare(framework: string, { name, kind, request }: Load, servers: Pair<Server>): Promise<void> {
  for (const server of [servers.bare, servers.ours]) await measure(server, request, roundMs / 3);
  const pairs: Pair<Sample>[] = [];
  for (let round = 0; round < rounds; round += 1) pairs.push(await measurePair(servers, request, round));
  const ratios = pairs.map((pair) => pair.ours.wallUs / pair.bare.wallUs).toSorted((a, b) => a - b);
  const ratio = median(ratios);
  if (ratio > bounds[kind]) failed = true;
  const columns = [
    framework.padEnd(10),
    name.padEnd(9),
    median(pairs.map((pair) => pair.bare.wallUs))
      .toFixed(0)
      .padStart(10),
    median(pairs.map((pair) => pair.ours.wallUs))
      .toFixed(0)
      .padStart(11),
    `${ratio.toFixed(2).padStart(7)} (${ratios.at(0)?.toFixed(2)} to ${ratios.at(-1)?.toFixed(2)}, at most ${bounds[kind]})`,
    median(pairs.map((pair) => pair.ours.cpuUs / pair.bare.cpuUs))
      .toFixed(2)
      .padStart(6),
  ];
  console.log(columns.join(" "));
}

/** The two take turns in going first. */
async function measurePair(
  { bare, ours }: Pair<Server>,
  request: Load["request"],
  round: number,
): Promise<Pair<Sample>> {
  if (round % 2 === 0) {
    const first = await measure(bare, request, roundMs);
    return { bare: first, ours: await measure(ours, request, roundMs) };
  }
  const first = await measure(ours, request, roundMs);
  return { ours: first, bare: await measure(bare, request, roundMs) };
}

type Pair<T> = { readonly bare: T; readonly ours: T };

type Server = {
  readonly pool: Pool;
  readonly ids: readonly string[];
  readonly cpuUs: () => Promise<number>;
  readonly stop: () => Promise<void>;
};

/** A server on a database of its own, with the same endpoints in each. */
async function startServer(framework: string, variant: string): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), "outhook-bench-"));
  const path = join(folder, "outhook.db");
  const outhook = createOuthook({ store: sqliteStore({ path }), secretKeys: "plaintext" });
  await outhook.migrate();
  const ids: string[] = [];
  for (let n = 0; n < endpoints; n += 1) {
    const fields = { url: `https://example.com/${n}`, events: ["loan.*"], description: "Production" };
    ids.push((await outhook.tenant("acme").endpoints.create(fields)).endpoint.id);
  }
  await outhook.close();
  const child = fork(join(import.meta.dirname, "server-process.ts"), [framework, variant, path]);
  const [{ port }] = await once(child, "message");
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections });
  return {
    pool,
    ids,
    cpuUs: async () => {
      child.send("cpu");
      const [{ cpu }] = await once(child, "message");
      return cpu.user + cpu.system;
    },
    stop: async () => {
      await pool.close();
      child.disconnect();
      await once(child, "exit");
      await rm(folder, { recursive: true });
    },
  };
}

type Sample = { readonly wallUs: number; readonly cpuUs: number };

/** Microseconds per request of a server that never waits for its callers. */
async function measure({ pool, ids, cpuUs }: Server, request: Load["request"], forMs: number): Promise<Sample> {
  let sent = 0;
  const cpuBefore = await cpuUs();
  const start = performance.now();
  const caller = async (): Promise<void> => {
    while (performance.now() - start < forMs) {
      sent += 1;
      const { tenant = "acme", method, path, body } = request(sent, ids);
      const headers = {
        authorization: `Bearer ${tenant}`,
        ...(body !== undefined && { "content-type": "application/json" }),
      };
      const response = await pool.request({ method, path, headers, body: body ?? null });
      if (response.statusCode >= 300)
        throw new Error(`${method} ${path}: ${response.statusCode} ${await response.body.text()}`);
      await response.body.dump();
    }
  };
  await Promise.all(Array.from({ length: connections }, caller));
  const wallUs = ((performance.now() - start) * 1_000) / sent;
  return { wallUs, cpuUs: ((await cpuUs()) - cpuBefore) / sent };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
