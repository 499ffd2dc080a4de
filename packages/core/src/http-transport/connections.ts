import type { Socket } from "node:net";
import type { Client } from "undici";
import type { Dial } from "./dial.ts";
import { OuthookError } from "../errors.ts";

/** At most one open socket to one origin, which carries one request at a time. */
export type Connection = {
  readonly origin: string;
  readonly client: Client;
  /** Responses that have come whole over the present socket: one that brought some may have gone stale meanwhile. */
  served: number;
  /** Bytes that may still be read of the response that the present socket carries, or will carry next. */
  bytesLeft: number;
  socket: Socket | null;
  /** Gives a dial up; true if it was only waiting for look-ups of other names. */
  abandonDial: () => boolean;
};

/** The connections of a transport. */
export type Connections = {
  /** A connection for one request: the idle one used last, or a new one, which is dialled when the request is. */
  readonly acquire: (origin: string, which: "any" | "new") => Connection;
  /** Gives a connection back whose response has come whole. It is kept unless some of its request is still to be sent. */
  readonly release: (connection: Connection) => void;
  /** Closes all that are idle. */
  readonly closeIdle: () => void;
  /** Closes a connection in whatever state it is. */
  readonly drop: (connection: Connection) => void;
  /** Closes all, and resolves when their sockets are gone. Requests under way end with `stopped`. */
  readonly close: () => Promise<void>;
};

/** As long as Node's own server keeps an idle connection, less a second for the way. */
const keepAliveMs = 4_000;
/** Bytes of a response before its body, those of the responses before the final one included. */
const maxHeadBytes = 16 * 1024;

/**
 * Keeps connections open between requests. Each has a client of its own, so that dropping it ends whatever its request
 * was waiting for, and so that no request waits behind another.
 *
 * @param input.maxConnections When one more is opened, the one that has been idle for longest is closed.
 */
export function createConnections(input: {
  readonly clientOf: (origin: string, options: Client.Options) => Client;
  readonly dial: Dial;
  readonly maxConnections: number;
}): Connections {
  const { clientOf, dial, maxConnections } = input;
  const all = new Set<Connection>();
  /** The one used longest ago stands first. One whose socket has closed meanwhile dials again when used. */
  const idle = new Set<Connection>();
  /** The same by origin, in the same order. */
  const idleOf = new Map<string, Connection[]>();

  const open = (origin: string): Connection => {
    while (all.size >= maxConnections && idle.size > 0) closeOldest();
    const client = clientOf(origin, {
      connect: (options, done) => {
        connection.served = 0;
        connection.abandonDial = dial(options, (...result) => {
          if (result[1] !== null) ration(connection, result[1]);
          done(...result);
        });
      },
      pipelining: 1,
      allowH2: false,
      useMilo: false,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      maxHeaderSize: maxHeadBytes,
      // Off: the attempt's own deadline bounds the exchange, which these do not.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const connection: Connection = { origin, client, served: 0, bytesLeft: 0, socket: null, abandonDial: () => false };
    all.add(connection);
    return connection;
  };

  /** Takes an idle connection of an origin: the one used last, or first to close it. */
  const take = (origin: string, which: "last" | "oldest"): Connection | undefined => {
    const waiting = idleOf.get(origin);
    const connection = which === "last" ? waiting?.pop() : waiting?.shift();
    if (connection === undefined) return undefined;
    idle.delete(connection);
    if (waiting?.length === 0) idleOf.delete(origin);
    return connection;
  };

  const closeOldest = (): void => {
    const [oldest] = idle;
    const connection = oldest === undefined ? undefined : take(oldest.origin, "oldest");
    if (connection !== undefined) drop(connection);
  };

  const drop = (connection: Connection): void => {
    all.delete(connection);
    connection.abandonDial();
    connection.client.destroy(null, () => {});
  };

  return {
    acquire: (origin, which) => (which === "any" ? take(origin, "last") : undefined) ?? open(origin),
    release: (connection) => {
      if (!all.has(connection)) return;
      // A receiver that answers without reading leaves the request in memory, and all that would follow it.
      if ((connection.socket?.writableLength ?? 0) > 0) return drop(connection);
      connection.served += 1;
      connection.bytesLeft = maxHeadBytes;
      idle.add(connection);
      const others = idleOf.get(connection.origin);
      if (others === undefined) idleOf.set(connection.origin, [connection]);
      else others.push(connection);
    },
    closeIdle: () => {
      while (idle.size > 0) closeOldest();
    },
    drop,
    close: async () => {
      const connections = [...all];
      all.clear();
      idle.clear();
      idleOf.clear();
      const stopped = new OuthookError("stopped", "the transport was closed while the request was open");
      await Promise.all(
        connections.map(({ abandonDial, client }) => {
          abandonDial();
          return client.destroy(stopped);
        }),
      );
    },
  };
}

/**
 * Gives the parser piece by piece what a socket has read, so that it has got no more than it may when a status comes, and
 * destroys the socket when it wants more than is left.
 */
function ration(connection: Connection, socket: Socket): void {
  connection.socket = socket;
  connection.bytesLeft = maxHeadBytes;
  const read = socket.read.bind(socket);
  socket.read = (size) => {
    const piece: Buffer | null = read(size ?? (socket.readableLength > maxHeadBytes ? maxHeadBytes : undefined));
    connection.bytesLeft -= piece?.length ?? 0;
    if (connection.bytesLeft >= 0) return piece;
    socket.destroy(Object.assign(new Error("the response is padded without end"), { code: "EMSGSIZE" }));
    return null;
  };
}
