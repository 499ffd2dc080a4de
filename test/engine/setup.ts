import type { AnyEvents, Outcome, OuthookOptions, Outhook, Store, Transport, TransportRequest } from "@outhook/core";
import { createOuthook, memoryStore } from "@outhook/core";
import type { ManualClock } from "@outhook/testkit";
import { manualClock } from "@outhook/testkit";

/** A request as the scripted transport saw it. */
export type Sent = {
  readonly at: number;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** What a receiver answers to its n-th request (1 for the first). */
export type Answer = (request: TransportRequest, n: number) => Outcome | Promise<Outcome>;

export type Engine = {
  readonly outhook: Outhook<AnyEvents, never>;
  readonly store: Store;
  readonly clock: ManualClock;
  readonly sent: readonly Sent[];
};

export const startAt = Date.UTC(2026, 2, 4, 10);
const silent = { warn: () => undefined, error: () => undefined };
export const ok: Outcome = { kind: "response", statusCode: 200, retryAfter: null, body: "ok" };

export function status(statusCode: number, retryAfter: string | null = null): Outcome {
  return { kind: "response", statusCode, retryAfter, body: "" };
}

/** An engine on the memory store with a manual clock and a transport that answers as told. */
export async function startEngine(
  input: {
    readonly answer?: Answer;
    readonly shared?: Pick<Engine, "store" | "clock">;
    readonly options?: Partial<OuthookOptions<AnyEvents, never>>;
    /** Default `true`. */
    readonly migrate?: boolean;
  } = {},
): Promise<Engine> {
  const { answer = () => ok } = input;
  const clock = input.shared?.clock ?? manualClock(startAt);
  const store = input.shared?.store ?? memoryStore({ now: clock.now });
  const sent: Sent[] = [];
  const transport: Transport = {
    send: async (request) => {
      const { url, headers, body } = request;
      sent.push({ at: clock.now(), url, headers, body: Buffer.from(body).toString() });
      return answer(request, sent.length);
    },
    close: async () => undefined,
  };
  const outhook = createOuthook({
    store,
    transport,
    clock,
    secretKeys: "plaintext",
    random: () => 0,
    logger: silent,
    ...input.options,
  });
  if (input.migrate !== false) await outhook.migrate();
  return { outhook, store, clock, sent };
}

/** Runs the dispatcher and moves the clock to what is due next, until nothing is. */
export async function runToTheEnd({ outhook, clock }: Engine): Promise<void> {
  for (;;) {
    const { nextDueAt } = await outhook.dispatcher.runOnce();
    if (nextDueAt === null) return;
    clock.set(Math.max(clock.now(), nextDueAt.getTime()));
  }
}
