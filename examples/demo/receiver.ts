import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";

/** The three headers of the Standard Webhooks specification. */
export type WebhookHeaders = {
  readonly "webhook-id": string;
  readonly "webhook-timestamp": string;
  readonly "webhook-signature": string;
};

/** A request as a receiver got it. */
export type ReceivedRequest = {
  /** Milliseconds since the process started. */
  readonly atMs: number;
  readonly headers: WebhookHeaders;
  readonly body: string;
  /** How many of the secrets that the receiver knew verified it; 0 means that it was refused. */
  readonly verifiedBy: number;
  /** What the receiver answered. */
  readonly statusCode: number;
};

/** A customer's server: real HTTP on loopback, which verifies whatever arrives. */
export type Receiver = {
  readonly url: string;
  /** Everything that arrived, oldest first. */
  readonly requests: readonly ReceivedRequest[];
  /** Learns one more secret, as a receiver does during a rotation. */
  readonly learn: (secret: string) => void;
  readonly close: () => Promise<void>;
};

/**
 * Starts a receiver. It answers 400 to what no known secret verifies, 503 to the first `failures` requests of each
 * message, and 200 to the rest.
 */
export async function startReceiver({ failures }: { readonly failures: number }): Promise<Receiver> {
  const requests: ReceivedRequest[] = [];
  const webhooks: Webhook[] = [];
  const seen = new Map<string, number>();

  const answer = (verifiedBy: number, id: string): number => {
    if (verifiedBy === 0) return 400;
    const times = (seen.get(id) ?? 0) + 1;
    seen.set(id, times);
    return times <= failures ? 503 : 200;
  };

  const receive = async (request: IncomingMessage): Promise<number> => {
    const atMs = performance.now();
    const headers = webhookHeadersOf(request);
    const body = await text(request);
    const verifiedBy = webhooks.filter((webhook) => verifies(webhook, body, headers)).length;
    const statusCode = answer(verifiedBy, headers["webhook-id"]);
    requests.push({ atMs, headers, body, verifiedBy, statusCode });
    return statusCode;
  };

  const server = createServer((request, response) => {
    receive(request).then(
      (statusCode) => response.writeHead(statusCode).end(),
      () => response.destroy(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;

  return {
    url: `http://127.0.0.1:${port}/webhooks`,
    requests,
    learn: (secret) => void webhooks.push(new Webhook(secret)),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function webhookHeadersOf({ headers }: IncomingMessage): WebhookHeaders {
  const header = (name: keyof WebhookHeaders): string => String(headers[name] ?? "");
  return {
    "webhook-id": header("webhook-id"),
    "webhook-timestamp": header("webhook-timestamp"),
    "webhook-signature": header("webhook-signature"),
  };
}

function verifies(webhook: Webhook, body: string, headers: WebhookHeaders): boolean {
  try {
    webhook.verify(body, headers);
    return true;
  } catch {
    return false;
  }
}
