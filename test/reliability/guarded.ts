import { channel } from "node:diagnostics_channel";
import { once } from "node:events";
import type { RequestListener } from "node:http";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import type { AnyEvents, Attempt, NameResolver, NetworkOptions, Outhook, Store } from "@outhook/core";
import { createOuthook, isOuthookError, memoryStore } from "@outhook/core";

/** Who must not be reached: a server on every address of this machine. */
export type Victim = {
  readonly port: number;
  /** TCP connections accepted so far. */
  readonly connections: () => number;
  readonly close: () => Promise<void>;
};

export async function startVictim(
  listener: RequestListener = (_request, response) => void response.end("ok"),
): Promise<Victim> {
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer(listener);
  server.on("connection", (socket: Socket) => {
    connections += 1;
    open.add(socket);
  });
  // As a proxy it is asked this way; a cut connection would make the asker come again at once, without end.
  server.on("connect", (_request, socket) => void socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"));
  server.listen(0);
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the victim has no port");
  return {
    port: address.port,
    connections: () => connections,
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Counts the sockets that this process makes to connect anywhere, also where nobody here could notice. */
export function countSockets(): { readonly count: () => number; readonly end: () => unknown } {
  let count = 0;
  const sockets = channel("net.client.socket");
  const onSocket = (): void => void (count += 1);
  sockets.subscribe(onSocket);
  return { count: () => count, end: () => sockets.unsubscribe(onSocket) };
}

/** A resolver that gives every name these addresses, one list per look-up, the last one for all that follow. */
export function resolverTo(
  ...answers: readonly (readonly string[])[]
): NameResolver & { readonly count: () => number } {
  let count = 0;
  const next = (): readonly string[] => answers[Math.min(count, answers.length) - 1] ?? [];
  return {
    count: () => count,
    resolve4: async () => {
      count += 1;
      return next().filter((address) => !address.includes(":"));
    },
    resolve6: async () => next().filter((address) => address.includes(":")),
  };
}

/** An app and its tenant, with what its operator gets to read. */
export type App = {
  readonly outhook: Outhook<AnyEvents, never>;
  readonly store: Store;
  readonly log: readonly string[];
};

export async function openApp(network: NetworkOptions, store: Store = memoryStore()): Promise<App> {
  const log: string[] = [];
  const write = (details: Readonly<Record<string, unknown>>, message: string): void =>
    void log.push(`${message}: ${String(details["reason"])}`);
  const outhook = createOuthook({
    store,
    secretKeys: "plaintext",
    network,
    random: () => 0,
    logger: { warn: write, error: write },
  });
  await outhook.migrate();
  return { outhook, store, log };
}

/** The code of the error that a call ends with, or its result. */
export async function codeOf(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: unknown) => (isOuthookError(error) ? error.code : error));
}

/** Writes a URL into an endpoint as somebody might who edits the database by hand. */
export async function editRow({ store }: App, id: string, url: string): Promise<void> {
  await store.endpoints.update({ tenant: "acme", id, change: (endpoint) => ({ ...endpoint, url }) });
}

/** Sends a message to an endpoint, runs the dispatcher, and returns what the last attempt saw. */
export async function deliver(
  { outhook }: App,
  endpointId: string,
): Promise<Attempt & { readonly deliveryId: string }> {
  const acme = outhook.tenant("acme");
  const { id } = await acme.send("loan.active", {});
  await outhook.dispatcher.runOnce();
  const { deliveries } = await acme.messages.get(id);
  return lastAttempt(outhook, deliveries.find((delivery) => delivery.endpointId === endpointId)?.id ?? "none");
}

/** Asks for a delivery again, runs the dispatcher, and returns what that attempt saw. */
export async function redeliver({ outhook }: App, deliveryId: string): Promise<Attempt> {
  await outhook.tenant("acme").deliveries.redeliver(deliveryId);
  await outhook.dispatcher.runOnce();
  return lastAttempt(outhook, deliveryId);
}

async function lastAttempt(outhook: App["outhook"], deliveryId: string): Promise<Attempt> {
  const { attempts } = await outhook.tenant("acme").deliveries.get(deliveryId);
  const last = attempts.at(-1);
  if (last === undefined) throw new Error(`delivery ${deliveryId} has no attempt`);
  return last;
}
