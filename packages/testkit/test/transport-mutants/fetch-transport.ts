import type { Outcome, Transport } from "@outhook/core";

/**
 * What somebody writes first: `fetch`, reading the whole body.
 *
 * @param redirect What it does at a redirect.
 */
export function fetchTransport(redirect: "follow" | "manual"): Transport {
  return {
    send: async ({ url, headers, body, timeoutMs }): Promise<Outcome> => {
      const signal = AbortSignal.timeout(timeoutMs);
      try {
        const init = { method: "POST", headers: { ...headers }, body: Buffer.from(body), redirect, signal } as const;
        const response = await fetch(url, init);
        const retryAfter = response.headers.get("retry-after");
        return { kind: "response", statusCode: response.status, retryAfter, body: await response.text() };
      } catch (error) {
        return { kind: "error", errorClass: signal.aborted ? "timeout" : "network", message: String(error) };
      }
    },
    close: async () => {},
  };
}
