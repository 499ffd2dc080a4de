import { isOuthookError } from "@outhook/core";
import { setTimeout as pause } from "node:timers/promises";
import type { openOuthook } from "./outhook.ts";

/** A message that was accepted, and how often it was rejected before. */
export type Accepted = { readonly id: string; readonly key: string; readonly rejections: number };

const retryMs = 200;

/** Sends message number n, for these tenants in turn, with an idempotency key, and again until it is accepted. */
export type Send = (n: number) => Promise<Accepted>;

export function createSend(
  outhook: ReturnType<typeof openOuthook>,
  { tenants, signal }: { readonly tenants: readonly string[]; readonly signal: AbortSignal },
): Send {
  const clients = tenants.map((tenant) => outhook.tenant(tenant));
  return async (n) => {
    const key = `key-${n}`;
    const data = { n, text: `ünï ${n} 💸` };
    for (let rejections = 0; ; rejections += 1) {
      try {
        const accepted = await clients[n % clients.length]?.send("loan.active", data, { idempotencyKey: key });
        return { id: accepted?.id ?? "none", key, rejections };
      } catch (error) {
        if (!isOuthookError(error) || !/^store_(?:unavailable|busy)$/.test(error.code)) throw error;
        await pause(retryMs, undefined, { signal });
      }
    }
  };
}

/** Sends so many messages, at most `ahead` of what was received, so that sending lasts as long as delivering. */
export async function sendAll(
  send: Send,
  options: {
    readonly messages: number;
    readonly ahead: number;
    readonly received: () => number;
    readonly signal: AbortSignal;
  },
): Promise<readonly Accepted[]> {
  const { messages, ahead, received, signal } = options;
  const sent: Promise<Accepted>[] = [];
  while (sent.length < messages) {
    while (sent.length < Math.min(messages, received() + ahead)) {
      const accepted = send(sent.length);
      // It is awaited below, with the others.
      accepted.catch(() => undefined);
      sent.push(accepted);
    }
    await pause(5, undefined, { signal });
  }
  return await Promise.all(sent);
}
