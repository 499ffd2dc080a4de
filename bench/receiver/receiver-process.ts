/**
 * The receiver: answers 200 to everything on a free port. Counts the requests of each message, keeps one request in so many
 * to be verified, and where asked to, notes how long each message took from the instant in its payload.
 */
import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import { once } from "node:events";
import { comeFirst } from "../process/priority.ts";
import { serve } from "../process/serve.ts";
import { nowMs } from "./now.ts";

/** A request as it arrived. */
export type Sample = {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

export type Counts = {
  /** Messages. */
  readonly received: number;
  /** Requests with a message's id that had come before. */
  readonly repeated: number;
};

export type ReceiverCommands = typeof commands;

const sampleEvery = 97;

let requests = 0;
let seen = new Set<string>();
let samples: Sample[] = [];
let latencies: number[] = [];
let timed = false;

const server = createServer((request, response) => {
  const at = timed ? nowMs() : 0;
  requests += 1;
  seen.add(String(request.headers["webhook-id"]));
  const isSample = requests % sampleEvery === 1;
  if (timed || isSample) {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      response.end("ok");
      const body = Buffer.concat(chunks).toString();
      if (timed) latencies.push(at - JSON.parse(body).data.dueAt);
      if (isSample) samples.push({ path: request.url ?? "", headers: webhookHeaders(request), body });
    });
  } else {
    request.resume();
    request.on("end", () => response.end("ok"));
  }
});
// Connections rest while no message comes.
server.keepAliveTimeout = 600_000;

function webhookHeaders({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  const own = Object.entries(headers).filter(([name]) => name.startsWith("webhook-"));
  return Object.fromEntries(own.map(([name, value]) => [name, String(value)]));
}

const commands = {
  comeFirst,
  port: (): number => {
    const address = server.address();
    return typeof address === "object" ? (address?.port ?? 0) : 0;
  },
  /** Starts anew; with `timed`, the bodies have `data.dueAt`. */
  forget: (input: { readonly timed: boolean }): void => {
    requests = 0;
    seen = new Set();
    samples = [];
    latencies = [];
    timed = input.timed;
  },
  counts: (): Counts => ({ received: seen.size, repeated: requests - seen.size }),
  samples: (): readonly Sample[] => samples,
  /** In milliseconds, in the order of arrival. */
  latencies: (): readonly number[] => latencies,
};

server.listen(0, "127.0.0.1");
await once(server, "listening");
serve(commands);
