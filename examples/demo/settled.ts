import type { AnyEvents, Messages, Outhook, ReportName, Reports } from "@outhook/core";

type Reporting = Pick<Outhook<AnyEvents, never>, "on">;

/** Resolves with the next report of that name; rejects when `signal` aborts. */
export function firstReport<Name extends ReportName>(
  outhook: Reporting,
  name: Name,
  { signal }: { readonly signal: AbortSignal },
): Promise<Reports[Name]> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = outhook.on(name, (report) => {
      stop();
      resolve(report);
    });
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/**
 * Resolves when the messages are fanned out and none of their deliveries is pending; rejects when `signal` aborts.
 *
 * Each message must match an endpoint: what matches none is settled without a report.
 */
export async function allSettled(
  outhook: Reporting,
  input: { readonly messages: Messages; readonly ids: readonly string[]; readonly signal: AbortSignal },
): Promise<void> {
  const { messages, ids, signal } = input;
  const open = new Set(ids);
  const look = async (id: string): Promise<void> => {
    const { fannedOut, deliveries } = await messages.get(id);
    if (fannedOut && deliveries.every(({ status }) => status !== "pending")) open.delete(id);
  };
  const stops: (() => void)[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      signal.throwIfAborted();
      const check = (id: string): void => {
        look(id).then(() => open.size === 0 && resolve(), reject);
      };
      // Before the first look, so that nothing is settled between the two unseen.
      for (const name of ["delivery.succeeded", "delivery.failed"] as const) {
        stops.push(outhook.on(name, ({ messageId }) => check(messageId)));
      }
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      for (const id of ids) check(id);
    });
  } finally {
    for (const stop of stops) stop();
  }
}
