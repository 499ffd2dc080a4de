import type { Client } from "undici";
import type { Dial } from "./dial.ts";
import { OuthookError } from "../errors.ts";

/** At most one open socket to one origin, which carries one request at a time. */
export type Connection = {
  readonly origin: string;
  readonly client: Client;
  /** Responses that have come whole over the present socket: one that brought some may have gone stale meanwhile. */
  served: number;
  abandonDial: () => void;
};

/** The connections of a transport. */
export type Connections = {
  /** A connection for one request: the idle one used last, or a new one, which is dialled when the request is. */
  readonly acquire: (origin: string, which: "any" | "new") => Connection;
  /** Gives a connection back whose response has come whole. */
  readonly release: (connection: Connection) => void;
  /** Closes a connection in whatever state it is. */
  readonly drop: (connection: Connection) => void;
  /** Closes all, and resolves when their sockets are gone. Requests under way end with `stopped`. */
  readonly close: () => Promise<void>;
};

/** As long as Node's own server keeps an idle connection, less a second for the way. */
const keepAliveMs = 4_000;
const maxHeaderBytes = 16 * 1024;

/**
 * Keeps connections open between requests. Each has a client of its own, so that dropping it ends whatever its request
 * was waiting for, and so that no request waits behind another.
 *
 * @param input.maxIdleOrigins Idle connections are kept for that many origins, those used last.
 */
export function createConnections(input: {
  readonly clientOf: (origin: string, options: Client.Options) => Client;
  readonly dial: Dial;
  readonly maxIdleOrigins: number;
}): Connections {
  const { clientOf, dial, maxIdleOrigins } = input;
  const all = new Set<Connection>();
  /** The origin used longest ago stands first. A connection whose socket has closed meanwhile dials again when used. */
  const idle = new Map<string, Connection[]>();

  const open = (origin: string): Connection => {
    const client = clientOf(origin, {
      connect: (options, done) => {
        connection.served = 0;
        connection.abandonDial = dial(options, done);
      },
      pipelining: 1,
      allowH2: false,
      useMilo: false,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      maxHeaderSize: maxHeaderBytes,
      // Off: the attempt's own deadline bounds the exchange, which these do not.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const connection: Connection = { origin, client, served: 0, abandonDial: () => {} };
    all.add(connection);
    return connection;
  };

  const drop = (connection: Connection): void => {
    all.delete(connection);
    connection.abandonDial();
    connection.client.destroy(null, () => {});
  };

  return {
    acquire: (origin, which) => {
      const waiting = which === "any" ? idle.get(origin) : undefined;
      const connection = waiting?.pop();
      if (connection === undefined) return open(origin);
      if (waiting?.length === 0) idle.delete(origin);
      return connection;
    },
    release: (connection) => {
      if (!all.has(connection)) return;
      const { origin } = connection;
      const others = idle.get(origin) ?? [];
      idle.delete(origin);
      idle.set(origin, others);
      others.push(connection);
      connection.served += 1;
      if (idle.size <= maxIdleOrigins) return;
      const [oldest = origin] = idle.keys();
      for (const unused of idle.get(oldest) ?? []) drop(unused);
      idle.delete(oldest);
    },
    drop,
    close: async () => {
      const connections = [...all];
      all.clear();
      idle.clear();
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
