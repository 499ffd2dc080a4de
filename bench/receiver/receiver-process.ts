/**
 * The receiver: answers 200 to everything on a free port. Counts the requests of each message, keeps one request in so many
 * to be verified, and where asked to, notes how long each message took from the instant in its payload.
 */
import { once } from "node:events";
import { createServer } from "node:net";
import { comeFirst } from "../process/priority.ts";
import { serve } from "../process/serve.ts";
import { nowMs } from "./now.ts";
import type { Request } from "./requests.ts";
import { createRequestReader } from "./requests.ts";

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

const idHeader = /\r\nwebhook-id: *(\S+)/i;
const webhookHeader = /\r\n(webhook-[a-z]+): *([^\r]*)/gi;
/** Connections rest while no message comes. */
const answer = "HTTP/1.1 200 OK\r\nconnection: keep-alive\r\nkeep-alive: timeout=600\r\ncontent-length: 2\r\n\r\nok";

const server = createServer({ noDelay: true }, (socket) => {
  const read = createRequestReader((request) => {
    take(request);
    socket.write(answer, "latin1");
  });
  socket.on("data", read);
  // A sender that ends takes its connections with it.
  socket.on("error", () => socket.destroy());
});

function take(request: Request): void {
  const at = timed ? nowMs() : 0;
  requests += 1;
  seen.add(idOf(request));
  const isSample = requests % sampleEvery === 1;
  if (!timed && !isSample) return;
  const body = request.buffer.toString("utf8", request.bodyStart, request.end);
  if (timed) latencies.push(at - JSON.parse(body).data.dueAt);
  if (isSample) samples.push({ path: request.head.split(" ", 2)[1] ?? "", headers: webhookHeaders(request), body });
}

/** Copied, as a part of a string keeps the whole of it. */
function idOf({ buffer, start, head }: Request): string {
  const found = idHeader.exec(head);
  const id = found?.[1] ?? "";
  const idStart = start + (found?.index ?? 0) + (found?.[0].length ?? 0) - id.length;
  return buffer.toString("latin1", idStart, idStart + id.length);
}

function webhookHeaders({ head }: Request): Readonly<Record<string, string>> {
  const headers = [...head.matchAll(webhookHeader)];
  return Object.fromEntries(headers.map(([, name = "", value = ""]) => [name.toLowerCase(), value]));
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
