import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";

/** The Redis that a benchmark runs on: the one that OUTHOOK_BENCH_REDIS_URL names, or one that is started for it. */
export type RedisServer = {
  readonly url: string;
  readonly version: string;
  /** Milliseconds of processor time that it has used since it started. */
  readonly processorTime: () => Promise<number>;
  readonly close: () => Promise<void>;
};

export const noRedis = "no Redis: neither is redis-server on the PATH, nor does OUTHOOK_BENCH_REDIS_URL name one";

/** `null` when there is none to be found. */
export async function openRedis(): Promise<RedisServer | null> {
  const named = process.env["OUTHOOK_BENCH_REDIS_URL"];
  if (named !== undefined) return await serverAt(named, async () => undefined);
  if (!isInstalled()) return null;
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), "outhook-redis-"));
  // Written through once a second, as most run it; a Redis that loses nothing it has said it keeps is slower.
  const args = ["--port", port, "--dir", folder, "--save", "", "--appendonly", "yes", "--appendfsync", "everysec"];
  const child = spawn("redis-server", args.map(String), { stdio: "ignore" });
  const kill = (): void => void child.kill();
  process.once("exit", kill);
  const close = async (): Promise<void> => {
    process.off("exit", kill);
    const ended = once(child, "exit");
    kill();
    await ended;
    await rm(folder, { recursive: true });
  };
  const url = `redis://127.0.0.1:${port}`;
  for (let tries = 0; tries < 100; tries += 1) {
    const server = await serverAt(url, close).catch(() => null);
    if (server !== null) return server;
    await pause(50);
  }
  await close();
  throw new Error("redis-server was started and does not answer");
}

async function serverAt(url: string, close: () => Promise<void>): Promise<RedisServer> {
  const [, version = "unknown"] = /^redis_version:(\S+)/m.exec(await info(url, "server")) ?? [];
  const processorTime = async (): Promise<number> => {
    const times = (await info(url, "cpu")).matchAll(/^used_cpu_(?:sys|user|sys_children|user_children):([\d.]+)/gm);
    return [...times].reduce((sum, [, seconds]) => sum + Number(seconds) * 1_000, 0);
  };
  return { url, version, processorTime, close };
}

/** A section of what Redis says about itself, by its inline protocol. */
async function info(url: string, section: string): Promise<string> {
  const { hostname, port, password } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port || 6_379) });
  const login = password === "" ? "" : `AUTH ${decodeURIComponent(password)}\r\n`;
  socket.end(`${login}INFO ${section}\r\nQUIT\r\n`);
  return await text(socket);
}

function isInstalled(): boolean {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}
