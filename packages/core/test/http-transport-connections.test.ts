import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { createHttpTransport } from "../src/http-transport/index.ts";
import { createNetworkPolicy } from "../src/network.ts";
import type { Outcome } from "../src/model.ts";
import type { Transport } from "../src/transport.ts";
import { cleanUp, listenHttp, listenRaw } from "./fixtures/listeners.ts";

const policy = createNetworkPolicy({ allow: ["127.0.0.0/8"], allowHttp: true });
const open = (maxConnections?: number): Transport => {
  const transport = createHttpTransport({ policy, maxConnections });
  cleanUp(() => transport.close());
  return transport;
};
const send = (transport: Transport, url: string, timeoutMs = 5_000): Promise<Outcome> =>
  transport.send({ url, headers: {}, body: Buffer.from("{}"), timeoutMs });
const ok = (): ReturnType<typeof listenHttp> => listenHttp((_request, response) => void response.end("ok"));
const okText = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

describe("kept-alive connections", () => {
  it("carry one request after the other", async () => {
    const transport = open();
    const { port, accepted } = await ok();
    for (let n = 0; n < 50; n += 1)
      expect(await send(transport, `http://127.0.0.1:${port}/${n}`)).toMatchObject({ body: "ok" });
    expect(accepted()).toBe(1);
  });

  it("are as many as requests were open at once, whatever came before", async () => {
    const transport = open();
    const { port, accepted } = await ok();
    for (let round = 0; round < 5; round += 1) {
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, () => send(transport, `http://127.0.0.1:${port}/`)),
      );
      expect(outcomes.every(({ kind }) => kind === "response")).toBe(true);
    }
    expect(accepted()).toBe(20);
  });

  it("are closed after 4 s at most, whatever the receiver proposes", { timeout: 10_000 }, async () => {
    const transport = open();
    const { port, sockets } = await listenHttp((_request, response) => {
      response.writeHead(200, { "keep-alive": "timeout=600" }).end();
    });
    await send(transport, `http://127.0.0.1:${port}/`);
    expect(sockets.size).toBe(1);
    await expect.poll(() => sockets.size, { timeout: 6_000 }).toBe(0);
  });

  it("are not used again where the receiver says close", async () => {
    const transport = open();
    const { port, accepted, sockets } = await listenHttp((_request, response) => {
      response.writeHead(200, { connection: "close" }).end("ok");
    });
    for (let n = 0; n < 5; n += 1)
      expect(await send(transport, `http://127.0.0.1:${port}/`)).toMatchObject({ body: "ok" });
    expect(accepted()).toBe(5);
    await expect.poll(() => sockets.size).toBe(0);
  });

  it("that went stale are replaced once, within the attempt", async () => {
    const transport = open();
    const { port, accepted } = await listenRaw((socket, _chunk, n) => {
      const isSecondRequest = n === 1 && socket.bytesWritten > 0;
      if (isSecondRequest) socket.resetAndDestroy();
      else socket.write(okText);
    });
    expect(await send(transport, `http://127.0.0.1:${port}/`)).toMatchObject({ statusCode: 200 });
    expect(await send(transport, `http://127.0.0.1:${port}/`)).toMatchObject({ statusCode: 200 });
    expect(accepted()).toBe(2);
  });

  it("that went stale are not replaced twice", async () => {
    const transport = open();
    const { port, accepted } = await listenRaw((socket, _chunk, n) => {
      if (n === 1 && socket.bytesWritten === 0) socket.write(okText);
      else socket.end();
    });
    await send(transport, `http://127.0.0.1:${port}/`);
    expect(await send(transport, `http://127.0.0.1:${port}/`)).toMatchObject({ errorClass: "connection_reset" });
    expect(accepted()).toBe(2);
  });

  it("that are all stale cost one request more, not one each", async () => {
    const transport = open();
    const chunks: number[] = [];
    const { port, accepted } = await listenRaw((socket, _chunk, n) => {
      chunks.push(n);
      if (socket.bytesWritten > 0) socket.resetAndDestroy();
      else if (chunks.length >= 3) for (const waiting of [socket, ...first.splice(0)]) waiting.write(okText);
      else first.push(socket);
    });
    const first: Socket[] = [];
    const url = `http://127.0.0.1:${port}/`;
    await Promise.all([send(transport, url), send(transport, url), send(transport, url)]);
    expect(await send(transport, url)).toMatchObject({ statusCode: 200 });
    expect([accepted(), chunks.length]).toEqual([4, 5]);
  });

  it("that were dialled anew since do not count as kept alive", async () => {
    const transport = open();
    const { port, accepted, sockets } = await listenRaw((socket, _chunk, n) => {
      if (n === 1) socket.end(okText);
      else socket.resetAndDestroy();
    });
    await send(transport, `http://127.0.0.1:${port}/`);
    await expect.poll(() => sockets.size).toBe(0);
    expect(await send(transport, `http://127.0.0.1:${port}/`)).toMatchObject({ errorClass: "connection_reset" });
    expect(accepted()).toBe(2);
  });

  it("that break in the middle of an answer are not replaced", async () => {
    const transport = open();
    const { port, accepted } = await listenRaw((socket) => {
      if (socket.bytesWritten === 0) socket.write(okText);
      else socket.end("HTTP/1.1 2");
    });
    await send(transport, `http://127.0.0.1:${port}/`);
    expect(await send(transport, `http://127.0.0.1:${port}/`)).toMatchObject({ errorClass: "connection_reset" });
    expect(accepted()).toBe(1);
  });

  it("survive a receiver that closes each of them right after its answer", async () => {
    const transport = open();
    const { port } = await listenRaw((socket) => socket.write(okText, () => setTimeout(() => socket.end(), 1)));
    for (let n = 0; n < 100; n += 1)
      expect(await send(transport, `http://127.0.0.1:${port}/`)).toMatchObject({ statusCode: 200 });
  });

  it("stay open up to a bound, those used last", async () => {
    const transport = open(8);
    const { port, accepted, sockets } = await listenHttp((_request, response) => void response.end("ok"), "0.0.0.0");
    const urls = Array.from({ length: 300 }, (_, n) =>
      `http://127.0.${n >> 8}.${(n & 255) + 1}:${port}/`.replace(".256:", ".0:"),
    );
    let mostOpen = 0;
    const queue = urls.values();
    const work = async (): Promise<void> => {
      for (const url of queue) {
        expect(await send(transport, url)).toMatchObject({ body: "ok" });
        mostOpen = Math.max(mostOpen, sockets.size);
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
    expect(accepted()).toBe(300);
    await expect.poll(() => sockets.size).toBeLessThanOrEqual(8);
    // Beside the eight, those that the other side has closed but this one has not seen yet.
    expect(mostOpen).toBeLessThanOrEqual(24);
    for (const url of urls.slice(-4)) await send(transport, url);
    expect(accepted()).toBe(300);
  });

  it("that have been idle for longest go first", async () => {
    const transport = open(2);
    const { port, accepted } = await listenHttp((_request, response) => void response.end("ok"), "0.0.0.0");
    const sendTo = (host: string): Promise<Outcome> => send(transport, `http://${host}:${port}/`);
    for (const host of ["127.0.0.1", "127.0.0.2", "127.0.0.1", "127.0.0.3"]) await sendTo(host);
    expect(accepted()).toBe(3);
    await sendTo("127.0.0.1");
    expect(accepted()).toBe(3);
    await sendTo("127.0.0.2");
    expect(accepted()).toBe(4);
  });

  it("are more than the bound only as long as requests need them", async () => {
    const transport = open(2);
    const waiting: ServerResponse[] = [];
    const slow = await listenHttp((_request, response) => void waiting.push(response));
    const outcomes = Array.from({ length: 5 }, () => send(transport, `http://127.0.0.1:${slow.port}/`));
    await expect.poll(() => waiting.length).toBe(5);
    for (const response of waiting) response.end("ok");
    for (const outcome of outcomes) expect(await outcome).toMatchObject({ body: "ok" });
    const { port } = await ok();
    await send(transport, `http://127.0.0.1:${port}/`);
    await expect.poll(() => slow.sockets.size).toBe(1);
  });

  it("are never closed under a request, however many origins come after", async () => {
    const transport = open(2);
    const waiting: Socket[] = [];
    const slow = await listenRaw((socket) => void waiting.push(socket));
    const outcome = send(transport, `http://127.0.0.1:${slow.port}/`);
    await expect.poll(() => waiting.length).toBe(1);
    const { port } = await listenHttp((_request, response) => void response.end(), "0.0.0.0");
    for (let n = 1; n <= 10; n += 1) await send(transport, `http://127.0.0.${n}:${port}/`);
    waiting[0]?.write(okText);
    expect(await outcome).toMatchObject({ statusCode: 200 });
  });
});

describe("close", () => {
  it("ends requests under way as local, and every connection", async () => {
    const transport = open();
    const slow = await listenRaw(() => {});
    const fast = await ok();
    await send(transport, `http://127.0.0.1:${fast.port}/`);
    const outcomes = Promise.all([
      send(transport, `http://127.0.0.1:${slow.port}/`),
      send(transport, `http://127.0.0.1:${slow.port}/`),
    ]);
    await expect.poll(() => slow.sockets.size).toBe(2);
    await transport.close();
    const local = { kind: "local", message: "the transport was closed while the request was open" };
    expect(await outcomes).toEqual([local, local]);
    await expect.poll(() => slow.sockets.size + fast.sockets.size).toBe(0);
  });

  it("ends requests that have not left yet as local", async () => {
    const transport = open();
    const { port, accepted } = await ok();
    const outcome = send(transport, `http://127.0.0.1:${port}/`);
    await transport.close();
    expect(await outcome).toMatchObject({ kind: "local" });
    expect(accepted()).toBe(0);
  });

  it("may be called before anything and twice, and send works again after it", async () => {
    const transport = open();
    await Promise.all([transport.close(), transport.close()]);
    const { port, accepted } = await ok();
    expect(await send(transport, `http://127.0.0.1:${port}/`)).toMatchObject({ statusCode: 200 });
    await transport.close();
    expect(await send(transport, `http://127.0.0.1:${port}/`)).toMatchObject({ statusCode: 200 });
    expect(accepted()).toBe(2);
  });
});
