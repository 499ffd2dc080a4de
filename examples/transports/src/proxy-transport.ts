import type { NetworkPolicy, Outcome, Transport, TransportRequest } from "@outhook/core";
import { isOuthookError } from "@outhook/core";
import { setTimeout as delay } from "node:timers/promises";
import type { Dispatcher } from "undici";
import { ProxyAgent, request } from "undici";
import { errorOf } from "./proxy-errors.ts";

/** Options of {@link proxyTransport}. */
export type ProxyTransportOptions = {
  /** Such as `http://smokescreen.internal:4750`. */
  readonly proxy: string;
  /** What the proxy wants in `proxy-authorization`, such as `Basic …`. Receivers do not see it. */
  readonly proxyAuthorization?: string | undefined;
  /** Refuses, before the proxy is asked, URLs that are wrong by themselves: those with a private address in them, say. */
  readonly policy: NetworkPolicy;
};

const maxBodyBytes = 16 * 1024;
/**
 * How long undici may open a tunnel, TLS included. It knows no deadline there: a shorter time would cut requests off that have
 * more, and in a longer one connections that nobody waits for any more stay open.
 */
const connectTimeoutMs = 60_000;

/** Sends each request through a tunnel (CONNECT) of an outbound proxy, `http:` URLs too. The proxy looks names up and dials. */
export function proxyTransport({ proxy, proxyAuthorization, policy }: ProxyTransportOptions): Transport {
  let agent: ProxyAgent | null = null;

  const open = (): ProxyAgent =>
    new ProxyAgent({
      uri: proxy,
      proxyTunnel: true,
      ...(proxyAuthorization === undefined ? {} : { token: proxyAuthorization }),
      connectTimeout: connectTimeoutMs,
      keepAliveTimeout: 4_000,
      allowH2: false,
      // Off: one deadline bounds the whole exchange, which these do not.
      headersTimeout: 0,
      bodyTimeout: 0,
    });

  return {
    send: async (wanted): Promise<Outcome> => {
      try {
        policy.checkUrl(wanted.url, "url");
      } catch (error) {
        if (isOuthookError(error) && (error.code === "blocked_address" || error.code === "invalid_url"))
          return { kind: "error", errorClass: error.code, message: error.detail };
        throw error;
      }
      agent ??= open();
      return await exchange(wanted, agent);
    },
    // The next request opens another: a dispatcher that was stopped may be started again.
    close: async () => {
      const closing = agent;
      agent = null;
      await closing?.destroy();
    },
  };
}

/** Sends one request and resolves with what came of it, at its deadline at the latest. */
async function exchange(wanted: TransportRequest, dispatcher: Dispatcher): Promise<Outcome> {
  const { timeoutMs } = wanted;
  const ending = new AbortController();
  let outcome: Outcome = { kind: "error", errorClass: "timeout", message: `no response within ${timeoutMs} ms` };
  const reading = async (): Promise<void> => {
    try {
      for await (const answer of answers(wanted, dispatcher, ending.signal)) outcome = answer;
    } catch (error) {
      if (outcome.kind !== "response") outcome = errorOf(error);
    }
  };
  // undici ends at the signal too, but while it connects only when it has connected.
  await Promise.race([reading(), delay(timeoutMs, undefined, { signal: ending.signal }).catch(() => {})]);
  ending.abort();
  return outcome;
}

/** The answer as it is known at its status line, and again with each piece of its body, as far as that is kept. */
async function* answers(
  { url, headers, body }: TransportRequest,
  dispatcher: Dispatcher,
  signal: AbortSignal,
): AsyncGenerator<Outcome> {
  const response = await request(url, { method: "POST", headers, body: Buffer.from(body), dispatcher, signal });
  const { statusCode } = response;
  const [retryAfter = null] = [response.headers["retry-after"]].flat();
  yield { kind: "response", statusCode, retryAfter, body: "" };
  let read = Buffer.alloc(0);
  for await (const chunk of response.body) {
    read = Buffer.concat([read, chunk]).subarray(0, maxBodyBytes);
    yield { kind: "response", statusCode, retryAfter, body: read.toString() };
    if (read.length === maxBodyBytes) return;
  }
}
