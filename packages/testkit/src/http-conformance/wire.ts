import { AssertionError } from "node:assert";
import { once } from "node:events";
import type { ClientRequest, IncomingMessage } from "node:http";
import { Agent, request as open } from "node:http";
import { connect } from "node:net";

/** A request as it goes over the socket. */
export type WireRequest = {
  readonly method: string;
  /** Below the mount, with its query, sent as it is. */
  readonly path: string;
  /** A list is sent as so many lines. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: WireBody;
};

/**
 * Text and bytes go with their length, `chunks` without. Of `part` the announced length is `ofBytes`, but no more than
 * `part` is ever sent.
 */
export type WireBody =
  | null
  | string
  | Uint8Array
  | { readonly chunks: readonly Uint8Array[] }
  | { readonly part: string; readonly ofBytes: number };

/** What came back. */
export type WireAnswer = {
  readonly status: number;
  /** By lower-case name; a repeated one joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
};

/** Sends requests to one server. */
export type Wire = {
  readonly send: (request: WireRequest) => Promise<WireAnswer>;
  /** Sends as much of a body as `part` says and goes away. */
  readonly abort: (request: WireRequest) => Promise<void>;
  /** Sends exactly these bytes on a connection of their own, and resolves with the status. */
  readonly sendBytes: (bytes: string) => Promise<number>;
  readonly close: () => void;
};

/** Longest wait for an answer. */
const patienceMs = 5_000;

export function connectTo(mountUrl: string): Wire {
  const base = new URL(mountUrl);
  const above = base.pathname === "/" ? "" : base.pathname;
  const agent = new Agent({ keepAlive: true });

  const start = ({ method, path, headers, body }: WireRequest): ClientRequest =>
    open({
      agent,
      host: base.hostname,
      port: base.port,
      method,
      path: above + path,
      headers: { ...mutable(headers), ...lengthOf(body) },
      signal: AbortSignal.timeout(patienceMs),
    });

  return {
    send: async (request) => {
      const sent = start(request);
      try {
        return await answerTo(sent, request.body);
      } catch (cause) {
        throw noAnswer(request, cause);
      } finally {
        // Where only a part was sent, the connection is of no more use.
        if (!sent.writableFinished) sent.destroy();
      }
    },
    abort: async (request) => {
      const sent = start(request);
      sent.on("error", () => undefined);
      await new Promise<void>((resolve) => sent.write(partOf(request.body), () => resolve()));
      const gone = new Promise((resolve) => sent.once("close", resolve));
      sent.destroy();
      await gone;
    },
    sendBytes: async (bytes) => {
      const socket = connect(Number(base.port), base.hostname);
      socket.setTimeout(patienceMs, () => socket.destroy());
      socket.end(bytes.replaceAll("{mount}", above), "latin1");
      let answer = "";
      for await (const chunk of socket) answer += String(chunk);
      return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
    },
    close: () => agent.destroy(),
  };
}

async function answerTo(sent: ClientRequest, body: WireBody): Promise<WireAnswer> {
  const answered = once(sent, "response");
  write(sent, body);
  const [response]: readonly IncomingMessage[] = await answered;
  // An answer may come before the request is out, and the connection end then.
  sent.on("error", () => undefined);
  if (response === undefined) throw new Error("no response");
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const headers = Object.entries(response.headersDistinct).map(([name, lines = []]) => [name, lines.join(", ")]);
  return {
    status: response.statusCode ?? 0,
    headers: Object.fromEntries(headers),
    text: Buffer.concat(chunks).toString(),
  };
}

function write(sent: ClientRequest, body: WireBody): void {
  if (body === null) sent.end();
  else if (typeof body === "string" || body instanceof Uint8Array) sent.end(body);
  else if ("chunks" in body) {
    for (const chunk of body.chunks) sent.write(chunk);
    sent.end();
  } else sent.write(body.part);
}

function partOf(body: WireBody): string {
  return typeof body === "object" && body !== null && "part" in body ? body.part : "";
}

function lengthOf(body: WireBody): Readonly<Record<string, string | number>> {
  if (body === null) return {};
  if (typeof body === "string" || body instanceof Uint8Array) return { "content-length": Buffer.byteLength(body) };
  return "chunks" in body ? { "transfer-encoding": "chunked" } : { "content-length": body.ofBytes };
}

function mutable(headers: WireRequest["headers"]): Record<string, string | string[]> {
  const entries = Object.entries(headers);
  return Object.fromEntries(entries.map(([name, lines]) => [name, typeof lines === "string" ? lines : [...lines]]));
}

function noAnswer({ method, path }: WireRequest, cause: unknown): AssertionError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const error = new AssertionError({ message: `${method} ${path.slice(0, 200)} got no answer: ${reason}` });
  error.cause = cause;
  return error;
}
