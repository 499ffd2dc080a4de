import type { Dispatcher } from "undici";
import type { TransportRequest } from "../transport.ts";
import type { Outcome } from "../model.ts";
import type { Connection, Connections } from "./connections.ts";
import { failureOf, isReset, notLookedUp, timedOut } from "./failure.ts";

/** How much of a response's body is kept, and so read at all, in bytes. */
const maxResponseBytes = 16 * 1024;

/** Where a URL leads: what the connection needs, and what the request line says. */
export type Target = { readonly origin: string; readonly path: string };

/** Sends one request and resolves with what came of it, at its deadline at the latest. */
export function exchange(request: TransportRequest, target: Target, connections: Connections): Promise<Outcome> {
  return new Promise((resolve) => new Exchange(request, target, connections, resolve).begin("any"));
}

/** One request on its way. A class, since undici wants an object of callbacks and this one exists once per request. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: TransportRequest;
  readonly #target: Target;
  readonly #connections: Connections;
  readonly #resolve: (outcome: Outcome) => void;
  readonly #timer: NodeJS.Timeout;
  #connection: Connection | null = null;
  #isAnswering = false;
  #statusCode: number | null = null;
  #retryAfter: string | null = null;
  #chunks: Buffer[] = [];
  #size = 0;

  constructor(
    request: TransportRequest,
    target: Target,
    connections: Connections,
    resolve: (outcome: Outcome) => void,
  ) {
    this.#request = request;
    this.#target = target;
    this.#connections = connections;
    this.#resolve = resolve;
    this.#timer = setTimeout(expire, request.timeoutMs, this);
  }

  begin(which: "any" | "new"): void {
    const { headers, body } = this.#request;
    const connection = this.#connections.acquire(this.#target.origin, which);
    this.#connection = connection;
    connection.client.dispatch({ method: "POST", path: this.#target.path, headers, body }, this);
  }

  /** The deadline: after the status line it only cuts the body short. */
  expire(): void {
    if (this.#statusCode !== null) return this.#drop(this.#response(this.#statusCode));
    const hasOnlyWaited = this.#connection?.abandonDial() === true;
    this.#drop(hasOnlyWaited ? notLookedUp(this.#request.timeoutMs) : timedOut(this.#request.timeoutMs));
  }

  /** undici refuses a handler without it. */
  onRequestStart(): void {}

  onResponseStarted(): void {
    this.#isAnswering = true;
  }

  onResponseStart(_controller: unknown, statusCode: number, headers: Dispatcher.ResponseData["headers"]): void {
    if (statusCode < 200) return;
    this.#statusCode = statusCode;
    const retryAfter = headers["retry-after"];
    this.#retryAfter = (Array.isArray(retryAfter) ? retryAfter[0] : retryAfter) ?? null;
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    const room = maxResponseBytes - this.#size;
    this.#chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
    this.#size += chunk.length;
    if (chunk.length > room && this.#statusCode !== null) this.#drop(this.#response(this.#statusCode));
  }

  onResponseEnd(): void {
    const connection = this.#connection;
    if (connection === null || this.#statusCode === null) return;
    this.#connections.release(connection);
    this.#settle(this.#response(this.#statusCode));
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (this.#connection === null) return;
    if (this.#statusCode !== null) return this.#drop(this.#response(this.#statusCode));
    if (this.#isStale() && isReset(error)) {
      this.#connections.drop(this.#connection);
      return this.begin("new");
    }
    const failure = failureOf(error);
    this.#drop(failure);
    // What ran out may be descriptors, and nobody waits for these.
    if (failure.kind === "local") this.#connections.closeIdle();
  }

  /** A kept-alive connection that the receiver was closing while the request went out. A new one never is. */
  #isStale(): boolean {
    return !this.#isAnswering && (this.#connection?.served ?? 0) > 0;
  }

  #response(statusCode: number): Outcome {
    const [first] = this.#chunks;
    const bytes = this.#chunks.length <= 1 ? first : Buffer.concat(this.#chunks);
    return { kind: "response", statusCode, retryAfter: this.#retryAfter, body: bytes?.toString() ?? "" };
  }

  #drop(outcome: Outcome): void {
    const connection = this.#connection;
    if (connection === null) return;
    // First, since dropping a connection calls back with an error.
    this.#settle(outcome);
    this.#connections.drop(connection);
  }

  #settle(outcome: Outcome): void {
    this.#connection = null;
    clearTimeout(this.#timer);
    this.#resolve(outcome);
  }
}

function expire(due: Exchange): void {
  due.expire();
}
