import { describe, expect, it } from "vitest";
import { listenHttp, listenRaw, runProcess } from "./fixtures/listeners.ts";

const ok = (): ReturnType<typeof listenHttp> => listenHttp((_request, response) => void response.end("ok"));

describe("a process", () => {
  const preamble = `
    import { createHttpTransport } from TRANSPORT;
    import { createNetworkPolicy } from NETWORK;
    const transport = createHttpTransport({ policy: createNetworkPolicy({ allow: ["127.0.0.0/8"], allowHttp: true }) });
    const send = (url, timeoutMs = 30000) => transport.send({ url, headers: {}, body: Buffer.from("{}"), timeoutMs });
  `;

  it("opens nothing by importing and creating the transport, and does not load undici", async () => {
    const source = `${preamble}
      const loaded = Symbol.for("undici.globalDispatcher.2") in globalThis;
      console.log(JSON.stringify({ resources: process.getActiveResourcesInfo(), loaded }));
    `;
    expect(await runProcess(source)).toEqual({ resources: [], loaded: false });
  });

  it("ends by itself after close, also with a request that nobody answers", async () => {
    const { port, sockets } = await listenRaw(() => {});
    const source = `${preamble}
      const outcome = send("http://127.0.0.1:${port}/");
      setTimeout(async () => {
        await transport.close();
        console.log(JSON.stringify({ outcome: (await outcome).kind, resources: process.getActiveResourcesInfo() }));
      }, 200);
    `;
    const startedAt = performance.now();
    expect(await runProcess(source)).toMatchObject({ outcome: "local" });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    await expect.poll(() => sockets.size).toBe(0);
  });

  it("is not kept alive by idle connections", async () => {
    const { port } = await ok();
    const source = `${preamble}
      console.log(JSON.stringify((await send("http://127.0.0.1:${port}/")).statusCode));
    `;
    const startedAt = performance.now();
    expect(await runProcess(source)).toBe(200);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });

  it("without descriptors left blames itself, not the receiver, and gives up its idle connections", async () => {
    const { port, accepted } = await listenHttp((_request, response) => void response.end("ok"), "0.0.0.0");
    const source = `${preamble}
      import { closeSync, openSync } from "node:fs";
      const held = [];
      const hold = () => { try { for (;;) held.push(openSync("/dev/null")); } catch {} };
      hold();
      const unloaded = await send("http://127.0.0.1:${port}/");
      held.splice(0).forEach(closeSync);
      await send("http://127.0.0.1:${port}/");
      hold();
      const starved = await send("http://127.0.0.2:${port}/");
      const fed = await send("http://127.0.0.2:${port}/");
      console.log(JSON.stringify({ unloaded: unloaded.kind, starved, fed: fed.statusCode }));
    `;
    expect(await runProcess(source)).toEqual({
      unloaded: "local",
      starved: { kind: "local", message: "this process has run out of a resource (EMFILE)" },
      fed: 200,
    });
    expect(accepted()).toBe(2);
  });

  it("whose descriptors run out while undici loads can load it later", async () => {
    const { port } = await ok();
    const source = `${preamble}
      import fs from "node:fs";
      import { syncBuiltinESMExports } from "node:module";
      const { readFileSync } = fs;
      let left = 5;
      fs.readFileSync = (path, ...rest) => {
        if (String(path).includes("undici") && (left -= 1) < 0) throw Object.assign(new Error(), { code: "EMFILE" });
        return readFileSync(path, ...rest);
      };
      syncBuiltinESMExports();
      const starved = await send("http://127.0.0.1:${port}/");
      const wasReached = left < 0;
      left = Infinity;
      const fed = await send("http://127.0.0.1:${port}/");
      console.log(JSON.stringify({ wasReached, starved: starved.kind, fed: fed.statusCode }));
    `;
    expect(await runProcess(source)).toEqual({ wasReached: true, starved: "local", fed: 200 });
  });
});
