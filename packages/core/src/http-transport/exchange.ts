import type { Dispatcher } from "undici";
import type { TransportRequest } from "../transport.ts";
import type { Outcome } from "../model.ts";
import type { Connection, Connections } from "./connections.ts";
import { failureOf, isReset, notLookedUp, timedOut } from "./failure.ts";

/** How much of a response's body is kept, and so read at all, in bytes. */
const maxResponseBytes = 16 * 1024;
/**
 * What that may take on the wire: more is padding, such as chunk extensions and trailers, which at full speed would take all
 * of this process's time.
 */
const maxBodyReadBytes = 2 * maxResponseBytes;
const nothing = Buffer.alloc(0);

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
  /** The body so far, in the first `#size` bytes. */
  #body: Buffer = nothing;
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
    if (this.#connection !== null) this.#connection.bytesLeft += maxBodyReadBytes;
    const retryAfter = headers["retry-after"];
    this.#retryAfter = (Array.isArray(retryAfter) ? retryAfter[0] : retryAfter) ?? null;
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    const room = maxResponseBytes - this.#size;
    this.#keep(chunk.length > room ? chunk.subarray(0, room) : chunk);
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
    return {
      kind: "response",
      statusCode,
      retryAfter: this.#retryAfter,
      body: this.#body.toString("utf8", 0, this.#size),
    };
  }

  /** Most bodies come in one piece. The pieces of others may be single bytes, each of which would take a hundred. */
  #keep(piece: Buffer): void {
    if (this.#size === 0) this.#body = piece;
    else if (this.#body.length < maxResponseBytes) this.#body = Buffer.concat([this.#body], maxResponseBytes);
    if (this.#size > 0) piece.copy(this.#body, this.#size);
    this.#size += piece.length;
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
