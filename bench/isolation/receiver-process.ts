/** Receivers: one answers 200 at once; others, each at an origin of its own, take every request and never answer. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { comeFirst } from "../process/priority.ts";
import { serve } from "../process/serve.ts";
import { nowMs } from "../receiver/now.ts";

export type Ports = { readonly healthy: number; readonly hanging: readonly number[] };

export type IsolationCommands = typeof commands;

comeFirst();
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

const commands = {
  /** Starts so many that hang. */
  listen: async (count: number): Promise<Ports> => {
    const hanging: number[] = [];
    for (let n = 0; n < count; n += 1) hanging.push(await startHanging());
    return { healthy: await listen(healthy), hanging };
  },
  /**
   * How long messages took from the instant in their payload until they were here, those since it was last asked, and how many
   * connections were open to those that hang, at most.
   */
  latencies: (): { readonly latencies: readonly number[]; readonly most: number } => {
    const answer = { latencies, most };
    latencies = [];
    return answer;
  },
};

serve(commands);
