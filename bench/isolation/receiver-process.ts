/**
 * Receivers: one answers 200 at once; so many others take every request and never answer, `node receiver-process.ts <count>`. Asked, says how long the messages took
 * from the instant in their payload until they were here, and forgets that, and how many connections were open to the others at most.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { constants, setPriority } from "node:os";
import { nowMs } from "./now.ts";

try {
  setPriority(constants.priority.PRIORITY_HIGHEST);
} catch {
  // Only root may.
}

const count = Number(process.argv[2]);
let latencies: number[] = [];
let open = 0;
let most = 0;

const healthy = createServer((request, response) => {
  const at = nowMs();
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    response.end("ok");
    const { data } = JSON.parse(Buffer.concat(chunks).toString());
    latencies.push(at - data.dueAt);
  });
});
healthy.keepAliveTimeout = 600_000;

/** Each has a port and so an origin of its own. */
function startHanging(): Promise<number> {
  const server = createServer((request) => request.resume());
  server.requestTimeout = 0;
  server.on("connection", (socket) => {
    open += 1;
    most = Math.max(most, open);
    socket.once("close", () => (open -= 1));
  });
  return listen(server);
}

async function listen(server: typeof healthy): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port
  return (server.address() as AddressInfo).port;
}

process.on("message", () => {
  process.send?.({ latencies, most });
  latencies = [];
});
process.on("disconnect", () => process.exit());
const hanging: number[] = [];
for (let n = 0; n < count; n += 1) hanging.push(await startHanging());
process.send?.({ healthy: await listen(healthy), hanging });
