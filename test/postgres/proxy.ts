import { once } from "node:events";
import type { Socket } from "node:net";
import { connect, createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { frameReader, textOf } from "./frames.ts";

/** `before`: the COMMIT never arrives · `after`: it is done, and its answer never arrives. */
export type CutAt = "before" | "after";

/** A TCP proxy on loopback in front of a Postgres, which can do to connections what a network does. */
export type PostgresProxy = {
  /** The URL of the database through the proxy. */
  readonly url: string;
  /** From now on no byte passes in either direction, and no socket is closed: a silent partition. */
  readonly pause: () => void;
  /** Ends the partition: what was sent meanwhile arrives. */
  readonly resume: () => void;
  /** From now on each packet arrives so much later, in either direction. */
  readonly delay: (ms: number) => void;
  /** Cuts the connection of the client that is the next to send COMMIT. Resolves when that has happened. */
  readonly cutAtCommit: (at: CutAt) => Promise<void>;
  readonly close: () => Promise<void>;
};

export async function startProxy({ target }: { readonly target: string }): Promise<PostgresProxy> {
  const { hostname, port: targetPort } = new URL(target);
  const sockets = new Set<Socket>();
  /** Resolves when there is no partition. */
  let passable = Promise.resolve();
  let resume = (): void => undefined;
  let delayMs = 0;
  let ordered: { readonly at: CutAt; readonly onCut: () => void } | null = null;

  /** Passes on what `keep` says, and the end of it. */
  const relay = async (from: Socket, to: Socket, keep: (chunk: Buffer) => boolean): Promise<void> => {
    try {
      for await (const chunk of from) {
        await passable;
        if (delayMs > 0) await pause(delayMs);
        if (keep(chunk)) await new Promise<void>((resolve) => to.write(chunk, () => resolve()));
      }
    } catch {
      // It was reset, which is an end as well.
    }
    await passable;
    to.end();
  };

  const server = createServer((client) => {
    const upstream = connect(Number(targetPort), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    }
    const fromClient = frameReader("client");
    const fromServer = frameReader("server");
    let onDone: (() => void) | null = null;
    const cut = (): void => {
      client.destroy();
      upstream.destroy();
    };

    void relay(client, upstream, (chunk) => {
      const commits = fromClient(chunk).some((frame) => frame.type === "Q" && /^commit$/i.test(textOf(frame)));
      if (!commits || ordered === null) return true;
      const { at, onCut } = ordered;
      ordered = null;
      onDone = () => {
        cut();
        onCut();
      };
      if (at === "before") onDone();
      return at === "after";
    });
    void relay(upstream, client, (chunk) => {
      const done = fromServer(chunk).some((frame) => frame.type === "C" && textOf(frame) === "COMMIT");
      if (done) onDone?.();
      return onDone === null;
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const url = new URL(target);
  if (typeof address === "object" && address !== null) url.host = `127.0.0.1:${address.port}`;

  return {
    url: url.href,
    pause: () => {
      resume();
      passable = new Promise((resolve) => (resume = resolve));
    },
    resume: () => resume(),
    delay: (ms) => {
      delayMs = ms;
    },
    cutAtCommit: (at) => new Promise((resolve) => (ordered = { at, onCut: resolve })),
    close: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      resume();
      await closed;
    },
  };
}
