import { AssertionError } from "node:assert";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/** One request as it arrived. */
export type ReceivedRequest = {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Names in lower case; repeated ones joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body as text, which is what a signature is verified over. */
  readonly body: string;
  /** When its last byte came, in epoch milliseconds. */
  readonly receivedAt: number;
};

/** `hang`: never answer · `reset`: cut the connection without an answer. */
export type Reply =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>> | undefined;
      readonly body?: string | undefined;
      /** How long to wait before answering. Default 0. */
      readonly delayMs?: number | undefined;
    }
  | "hang"
  | "reset";

/** Options of {@link startReceiver}. */
export type ReceiverOptions = {
  /** What to answer; `n` is 1 for the first request. Default: 200 without a body. */
  readonly respond?: ((request: ReceivedRequest, n: number) => Reply | Promise<Reply>) | undefined;
  /** Default: any free one. */
  readonly port?: number | undefined;
};

/** A receiver of webhooks that remembers what it got. */
export type Receiver = {
  /** Its URL on 127.0.0.1, with this path. Default `/`. */
  readonly url: (path?: string) => string;
  /** Every request so far, oldest first. */
  readonly requests: readonly ReceivedRequest[];
  /** TCP connections accepted so far. */
  readonly connectionCount: () => number;
  /**
   * Resolves with all requests as soon as there are `n`. Rejects with an `AssertionError` that says how many came when
   * `timeoutMs` (default 5,000) have passed, or when the receiver is closed.
   */
  readonly waitFor: (
    n: number,
    options?: { readonly timeoutMs?: number | undefined },
  ) => Promise<readonly ReceivedRequest[]>;
  /** Stops listening and cuts every connection. */
  readonly close: () => Promise<void>;
};

type Waiter = { readonly n: number; readonly resolve: () => void; readonly reject: (error: Error) => void };

/**
 * Starts a real HTTP server on 127.0.0.1 that records every request and answers as told.
 *
 * @example
 * const receiver = await startReceiver({ respond: (_request, n) => ({ status: n < 3 ? 503 : 200 }) });
 * await acme.endpoints.create({ url: receiver.url("/hook") });
 * const [first] = await receiver.waitFor(3);
 * await receiver.close();
 */
export async function startReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  const { port = 0 } = options;
  const respond = options.respond ?? ((): Reply => ({ status: 200 }));
  const requests: ReceivedRequest[] = [];
  const waiters = new Set<Waiter>();
  const closing = new AbortController();
  let connections = 0;

  const server = createServer((incoming, response) => {
    answer(incoming, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(`the test's respond function failed: ${String(error)}`);
    });
  });
  server.on("connection", () => (connections += 1));

  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = await read(incoming);
    if (request === null) return;
    const n = requests.push(request);
    for (const waiter of waiters) if (n >= waiter.n) waiter.resolve();
    const reply = await respond(request, n);
    if (reply === "hang") return;
    if (reply === "reset") {
      incoming.socket.resetAndDestroy();
      return;
    }
    const { status, headers = {}, body = "", delayMs = 0 } = reply;
    if (delayMs > 0) await delay(delayMs, undefined, { signal: closing.signal }).catch(() => {});
    response.writeHead(status, headers).end(body);
  };

  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : port}`;

  const waitFor: Receiver["waitFor"] = async (n, { timeoutMs = 5_000 } = {}) => {
    if (requests.length >= n) return [...requests];
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => settle(() => reject(shortfall(n, requests, `in ${timeoutMs} ms`))), timeoutMs);
      const settle = (how: () => void): void => {
        clearTimeout(timer);
        waiters.delete(waiter);
        how();
      };
      const waiter: Waiter = { n, resolve: () => settle(resolve), reject: (error) => settle(() => reject(error)) };
      waiters.add(waiter);
    });
    return [...requests];
  };

  return {
    url: (path = "/") => origin + path,
    requests,
    connectionCount: () => connections,
    waitFor,
    close: async () => {
      closing.abort();
      for (const { n, reject } of waiters) reject(shortfall(n, requests, "before the receiver was closed"));
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The whole request, or `null` if the sender went away in the middle. */
async function read(incoming: IncomingMessage): Promise<ReceivedRequest | null> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  } catch {
    return null;
  }
  return {
    method: incoming.method ?? "",
    path: incoming.url ?? "",
    headers: Object.fromEntries(
      Object.entries(incoming.headersDistinct).map(([name, values]) => [name, (values ?? []).join(", ")]),
    ),
    body: Buffer.concat(chunks).toString(),
    receivedAt: Date.now(),
  };
}

function shortfall(n: number, requests: readonly ReceivedRequest[], when: string): AssertionError {
  const lines = requests.slice(0, 10).map(({ method, path }) => `\n  ${method} ${path}`);
  return new AssertionError({
    message: `expected ${n} requests, got ${requests.length} ${when}${lines.join("")}`,
    actual: requests.length,
    expected: n,
    operator: "waitFor",
  });
}
