/** Answers 200 on every address of this machine and never closes a connection. Prints its port. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";

const answer = "HTTP/1.1 200 OK\r\nkeep-alive: timeout=600\r\ncontent-length: 2\r\n\r\nok";
const server = createServer((socket) => {
  socket.on("error", () => {}).on("data", () => socket.write(answer));
}).listen(0, "0.0.0.0");
await once(server, "listening");
const { port } = server.address() as AddressInfo; // A TCP server that listens has no other kind of address.
console.log(port);
process.stdin.resume().once("end", () => process.exit());
