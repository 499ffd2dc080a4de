import { once } from "node:events";
import type { Server, Socket } from "node:net";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { createServer as createTlsServer } from "node:tls";
import { selfSigned } from "./self-signed.ts";

/** What a receiver does with a connection when its first bytes have come. */
export type Answer = (socket: Socket) => void;

/** A receiver on 127.0.0.1 that says whatever a case wants. */
export type Listener = {
  readonly url: string;
  /** The same place over TLS, whether it speaks that or not. */
  readonly httpsUrl: string;
  /** Connections on which a request has begun, so far. */
  readonly asked: () => number;
  /** Resolves to how many connections are open: when there are none, or after two seconds. */
  readonly left: () => Promise<number>;
  readonly close: () => Promise<void>;
};

/** Listens for TCP. */
export function startListener(answer: Answer): Promise<Listener> {
  return listening(answer, (onSocket) => createServer(onSocket));
}

/** Listens for TLS, with a certificate for 127.0.0.1 that nobody has signed but itself. */
export function startSelfSignedListener(answer: Answer): Promise<Listener> {
  return listening(answer, (onSocket) => createTlsServer(selfSigned(), onSocket).on("tlsClientError", () => {}));
}

async function listening(answer: Answer, create: (onSocket: Answer) => Server): Promise<Listener> {
  const sockets = new Set<Socket>();
  let asked = 0;
  const server = create((socket) => {
    socket
      .on("error", () => {})
      .once("data", () => {
        asked += 1;
        socket.resume();
        answer(socket);
      });
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).once("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;

  return {
    url: `http://127.0.0.1:${port}/hook`,
    httpsUrl: `https://127.0.0.1:${port}/hook`,
    asked: () => asked,
    left: async () => {
      const ends = [...sockets].map((socket) => new Promise((resolve) => socket.once("close", resolve)));
      await Promise.race([Promise.all(ends), delay(2_000, undefined, { ref: false })]);
      return sockets.size;
    },
    close: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** A port of 127.0.0.1 where nobody listens. */
export async function closedUrl(): Promise<string> {
  const listener = await startListener(() => {});
  await listener.close();
  return listener.url;
}
