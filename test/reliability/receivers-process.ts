/** All misbehaving receivers in a process of their own. Prints their ports by name, as JSON. */
import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";
import { createServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { Misbehaviour } from "./misbehaviour.ts";
import { misbehaviours, pemOf, wellBehaved } from "./misbehaviours.ts";

const ports = await Promise.all([...wellBehaved, ...misbehaviours].map(async (one) => [one.name, await listen(one)]));
console.log(JSON.stringify(Object.fromEntries(ports)));
process.stdin.resume().once("end", () => process.exit());

async function listen({ onConnection, onRequest, certificate, isListening }: Misbehaviour): Promise<number> {
  const serve = (socket: Socket): void => {
    socket.on("error", () => {}).once("data", () => onRequest?.(socket));
    onConnection?.(socket);
  };
  const server = (): Server => {
    if (certificate === undefined) return createServer({ allowHalfOpen: true }, serve);
    const pem = pemOf(certificate);
    return createTlsServer({ key: pem, cert: pem }, serve).on("tlsClientError", () => {});
  };
  const listening = server().listen(0, "127.0.0.1");
  await once(listening, "listening");
  const { port } = listening.address() as AddressInfo; // A TCP server that listens has no other kind of address.
  if (isListening === false) listening.close();
  return port;
}
