import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import type { PoolSource } from "./pool-source.ts";
import { checkOut } from "./pool.ts";

/** How long a connection, and its answer, is waited for. */
export const answerMs = 5_000;
/** Between two attempts to listen. */
const pauseMs = 1_000;

/**
 * Keeps a connection that listens to `channel` until `signal` aborts, and takes another when it was lost. Never rejects, and
 * resolves when the connection is given back.
 */
export async function keepListening(
  source: PoolSource,
  input: {
    readonly channel: string;
    readonly signal: AbortSignal;
    /** Called with each payload, and with `""` when it has begun to listen: what came before that was missed. */
    readonly onPayload: (payload: string) => void;
    /** Called when an attempt has come to its end, or has begun to listen. */
    readonly onTried: () => void;
  },
): Promise<void> {
  const { channel, signal, onPayload, onTried } = input;
  const aborted = once(signal, "abort");
  const hear = (payload: string): void => {
    if (!signal.aborted) onPayload(payload);
  };

  const listen = async (): Promise<void> => {
    const connection = await checkOut(await source.open(), answerMs);
    try {
      const lost = connection.hear(hear);
      await connection.run({ text: `listen ${channel}` }, answerMs);
      hear("");
      onTried();
      await Promise.race([lost, aborted]);
    } finally {
      connection.giveBack({ distrusted: false });
    }
  };

  while (!signal.aborted) {
    await listen().catch(ignore);
    onTried();
    await pause(pauseMs, undefined, { signal }).catch(ignore);
  }
}

/** It is tried again. */
function ignore(): void {}
