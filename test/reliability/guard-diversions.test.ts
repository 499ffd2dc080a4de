import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startChild } from "../crash/processes.ts";
import type { Diversion } from "./guard-process.ts";
import type { Victim } from "./guarded.ts";
import { startVictim } from "./guarded.ts";

describe("a process that is led astray", () => {
  let victim: Victim;
  beforeEach(async () => {
    victim = await startVictim();
  });
  afterEach(() => victim.close());

  const run = async (diversion: Diversion, env: Readonly<Record<string, string>> = {}): Promise<unknown> => {
    const child = startChild("../reliability/guard-process.ts", [JSON.stringify(diversion)], env);
    await child.printed(1);
    await child.end();
    return JSON.parse(child.lines[0] ?? "null");
  };

  it("by a proxy in its environment sends past it (url-163)", async () => {
    const receiver = await startVictim();
    const proxy = `http://127.0.0.1:${victim.port}`;
    const env = {
      NODE_USE_ENV_PROXY: "1",
      HTTP_PROXY: proxy,
      HTTPS_PROXY: proxy,
      ALL_PROXY: proxy,
      http_proxy: proxy,
      https_proxy: proxy,
      all_proxy: proxy,
      NO_PROXY: "",
      no_proxy: "",
    };
    const diversion: Diversion = {
      allowedUrl: `http://127.0.0.2:${receiver.port}/`,
      closedUrl: `http://10.0.0.1:${receiver.port}/`,
      pollution: {},
    };
    expect(await run(diversion, env)).toEqual([200, "blocked_address", "blocked_address"]);
    // The one at the proxy is the control's, which Node's own fetch sent there.
    expect([receiver.connections(), victim.connections()]).toEqual([1, 1]);
    await receiver.close();
  });

  it("by a polluted Object.prototype.socketPath sends past that socket (url-164)", async () => {
    const folder = await mkdtemp(join(tmpdir(), "outhook-"));
    const socketPath = join(folder, "x.sock");
    let diverted = 0;
    const trap = createServer((socket) => {
      diverted += 1;
      socket.resume().end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    }).listen(socketPath);
    await once(trap, "listening");
    const diversion: Diversion = {
      allowedUrl: `http://127.0.0.2:${victim.port}/`,
      closedUrl: "http://10.0.0.1/",
      pollution: { socketPath },
    };
    expect(await run(diversion)).toEqual([200, "blocked_address", "blocked_address"]);
    // The one at the trap is the control's, which plain undici sent there.
    expect([victim.connections(), diverted]).toEqual([1, 1]);
    await new Promise((resolve) => trap.close(resolve));
    await rm(folder, { recursive: true });
  });
});
