import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { TLSSocket } from "node:tls";
import { connect } from "node:tls";
import { describe, expect, it } from "vitest";
import { createHttpTransport } from "../src/http-transport/index.ts";
import type { Outcome } from "../src/model.ts";
import { createNetworkPolicy } from "../src/network.ts";
import type { Transport } from "../src/transport.ts";
import { certificate, cleanUp, listenRaw, listenTls, runProcess } from "./fixtures/listeners.ts";

const policy = createNetworkPolicy({ allow: ["127.0.0.0/8"], allowHttp: true, ca: certificate });
const open = (): Transport => {
  const transport = createHttpTransport({ policy });
  cleanUp(() => transport.close());
  return transport;
};
const send = (transport: Transport, url: string, body: Uint8Array = Buffer.from("{}")): Promise<Outcome> =>
  transport.send({ url, headers: {}, body, timeoutMs: 2_000 });
const okText = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

describe("what a receiver makes this process keep in memory", () => {
  it.each([
    { what: "headers of one byte", head: "HTTP/1.1 200 OK\r\n", text: "a:\r\n" },
    {
      what: "headers of one byte after an early hint",
      head: "HTTP/1.1 103 X\r\n\r\nHTTP/1.1 200 OK\r\n",
      text: "a:\r\n",
    },
  ])("is 16 KiB of $what at most: each would take a hundred bytes and more", async ({ head, text }) => {
    const { port, sockets } = await listenRaw((socket) => void socket.write(head + text.repeat(4_200)));
    const outcome = await send(open(), `http://127.0.0.1:${port}/`);
    expect(outcome).toMatchObject({ errorClass: "invalid_response", message: expect.stringContaining("EMSGSIZE") });
    await expect.poll(() => sockets.size).toBe(0);
  });

  it("is a body in one piece, also when it comes in single bytes and never ends", async () => {
    const chunks = "1\r\nx\r\n".repeat(5_000);
    const { port } = await listenRaw((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunks}`);
    });
    const source = `
      import { setFlagsFromString } from "node:v8";
      import { runInNewContext } from "node:vm";
      import { createHttpTransport } from TRANSPORT;
      import { createNetworkPolicy } from NETWORK;
      setFlagsFromString("--expose-gc");
      const gc = runInNewContext("gc");
      const transport = createHttpTransport({ policy: createNetworkPolicy({ allow: ["127.0.0.0/8"], allowHttp: true }) });
      const send = () =>
        transport.send({ url: "http://127.0.0.1:${port}/", headers: {}, body: Buffer.from("{}"), timeoutMs: 1_500 });
      await send();
      gc();
      const { heapUsed } = process.memoryUsage();
      const outcomes = Promise.all(Array.from({ length: 64 }, send));
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      gc();
      const grown = process.memoryUsage().heapUsed - heapUsed;
      const lengths = (await outcomes).map(({ body }) => body.length);
      await transport.close();
      console.log(JSON.stringify({ perBody: grown / 64, lengths: [...new Set(lengths)] }));
    `;
    const { perBody, lengths } = (await runProcess(source)) as { perBody: number; lengths: number[] }; // As printed.
    expect(lengths).toEqual([5_000]);
    expect(perBody).toBeLessThan(100_000);
  });

  it("is not a request that it answers without reading, nor what would be sent after that", async () => {
    const transport = open();
    const { port, accepted } = await listenRaw((socket) => {
      socket.pause();
      socket.write(okText);
    });
    const large = randomBytes(32 * 1024 * 1024);
    for (let n = 1; n <= 3; n += 1) {
      expect(await send(transport, `http://127.0.0.1:${port}/`, large)).toMatchObject({ statusCode: 200 });
      expect(accepted()).toBe(n);
    }
  });
});

describe("a TLS handshake", () => {
  /** The cipher suites in a ClientHello (RFC 8446, section 4.1.2). */
  const suitesOf = (hello: Buffer): readonly number[] => {
    const start = 44 + hello.readUInt8(43);
    const length = hello.readUInt16BE(start);
    return Array.from({ length: length / 2 }, (_, n) => hello.readUInt16BE(start + 2 + 2 * n));
  };

  it("offers no finite-field Diffie-Hellman: a group of 10,000 bits stalls the process for a second", async () => {
    const offered: (readonly number[])[] = [];
    const { port } = await listenRaw((socket, hello) => {
      offered.push(suitesOf(hello));
      socket.destroy();
    });
    await send(open(), `https://127.0.0.1:${port}/`);
    const all = connect({ port, host: "127.0.0.1", ciphers: "kDHE:@SECLEVEL=0", maxVersion: "TLSv1.2" });
    await once(all, "close").catch(() => {});
    const [ours = [], finite = []] = offered;
    expect([ours.length > 5, finite.length > 5]).toEqual([true, true]);
    // Both end with a signal that is no suite (RFC 5746).
    expect(ours.filter((suite) => suite !== 0x00ff && finite.includes(suite))).toEqual([]);
  });

  it("is made once for a connection, whatever the receiver asks for", async () => {
    const answers: unknown[] = [];
    const { port } = await listenTls("127.0.0.1", {
      maxVersion: "TLSv1.2",
      onSocket: (socket: TLSSocket) => {
        socket.once("data", () => void socket.renegotiate({}, (error) => answers.push(error?.message ?? "done")));
        socket.on("error", (error) => answers.push(error.message));
      },
    });
    await send(open(), `https://127.0.0.1:${port}/`);
    await expect.poll(() => answers).toEqual([expect.stringMatching(/no renegotiation/)]);
  });

  it("trusts nobody whom a polluted Object.prototype.ca names", async () => {
    const { port } = await listenTls();
    const source = `
      import { createHttpTransport } from TRANSPORT;
      import { createNetworkPolicy } from NETWORK;
      const transport = createHttpTransport({ policy: createNetworkPolicy({ allow: ["127.0.0.0/8"], allowHttp: true }) });
      const send = (url) => transport.send({ url, headers: {}, body: Buffer.from("{}"), timeoutMs: 5000 });
      await send("http://127.0.0.1:1/");
      Object.prototype.ca = ${JSON.stringify(certificate)};
      console.log(JSON.stringify(await send("https://127.0.0.1:${port}/")));
    `;
    expect(await runProcess(source)).toMatchObject({ errorClass: "tls" });
  });
});
