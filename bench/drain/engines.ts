import type { Engine, OpenEngine, Queue, Setup } from "./engine.ts";

/** What is known of an engine before it is opened. */
export type EngineKind = {
  readonly queue: Queue["kind"];
  /** In words, for the table. */
  readonly how: string;
  /** Those too slow for as many messages as the others get at most so many; the quickest get several times as many. */
  readonly atMost?: number;
  readonly times?: number;
  /** Runs only where `--only` names it. */
  readonly onlyNamed?: true;
  /** Loaded only where it is used. */
  readonly load: () => Promise<OpenEngine>;
};

const outhook = async (): Promise<OpenEngine> => (await import("./outhook.ts")).openOuthookEngine;
const usual = "fetch, standardwebhooks";
const tuned = "undici, node:crypto";

const kinds = {
  "floor-request": {
    queue: "none",
    times: 4,
    how: "no store: undici's request on a pool, node:crypto",
    load: async () => (await import("./floor.ts")).openFloorRequest,
  },
  "floor-dispatch": {
    queue: "none",
    times: 4,
    how: "no store: undici's dispatch on a pool, node:crypto",
    load: async () => (await import("./floor.ts")).openFloorDispatch,
  },
  "floor-clients": {
    queue: "none",
    times: 4,
    how: "no store: undici's dispatch on a client for each in flight, node:crypto",
    load: async () => (await import("./floor.ts")).openFloorClients,
  },
  "outhook-sqlite": { queue: "sqlite", how: "defaults but for the number in flight", load: outhook },
  "custom-store": {
    queue: "sqlite",
    how: "Outhook on examples/custom-store (node:sqlite)",
    onlyNamed: true,
    load: outhook,
  },
  "outhook-postgres": { queue: "postgres", how: "defaults but for the number in flight", load: outhook },
  "graphile-worker-tuned": {
    queue: "postgres",
    how: `local queue of 500, completes in batches, prepared; ${tuned}`,
    load: async () => (await import("./graphile-worker.ts")).openTuned,
  },
  "graphile-worker-usual": {
    queue: "postgres",
    how: `defaults; ${usual}`,
    atMost: 5_000,
    load: async () => (await import("./graphile-worker.ts")).openUsual,
  },
  "pg-boss-tuned": {
    queue: "postgres",
    how: `batches of 256 in bursts; ${tuned}`,
    atMost: 5_000,
    load: async () => (await import("./pg-boss.ts")).openTuned,
  },
  "pg-boss-usual": {
    queue: "postgres",
    how: `a worker for each in flight, looking every 0.5 s; ${usual}`,
    atMost: 512,
    load: async () => (await import("./pg-boss.ts")).openUsual,
  },
  "bullmq-tuned": {
    queue: "redis",
    how: `4 workers of 16, done jobs removed; ${tuned}`,
    load: async () => (await import("./bullmq.ts")).openTuned,
  },
  "bullmq-usual": {
    queue: "redis",
    how: `defaults; ${usual}`,
    atMost: 5_000,
    load: async () => (await import("./bullmq.ts")).openUsual,
  },
} satisfies Record<string, EngineKind>;

export type EngineName = keyof typeof kinds;

/** All of them, in the order of the table. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the literal above
export const engineNames = Object.keys(kinds) as readonly EngineName[];

export function kindOf(name: EngineName): EngineKind {
  return kinds[name];
}

export function isFloor(name: EngineName): boolean {
  return kinds[name].queue === "none";
}

export async function openEngine(name: EngineName, setup: Setup): Promise<Engine> {
  return await (
    await kinds[name].load()
  )(setup);
}
