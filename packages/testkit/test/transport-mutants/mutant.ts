import type { Outcome, Transport, TransportRequest } from "@outhook/core";

/** A transport with one fault, and cases that catch it. */
export type TransportMutant = {
  readonly fault: string;
  readonly caughtBy: readonly string[];
  /** Makes one of core's HTTP transport. */
  readonly plant: (transport: Transport) => Transport;
};

/** Changes what is sent. */
export function sending(change: (request: TransportRequest) => Partial<TransportRequest>): TransportMutant["plant"] {
  return ({ send, close }) => ({ send: (request) => send({ ...request, ...change(request) }), close });
}

/** Changes what is told of an answer. */
export function answering(
  change: (response: Extract<Outcome, { kind: "response" }>) => Outcome,
): TransportMutant["plant"] {
  return ({ send, close }) => ({
    send: async (request) => {
      const outcome = await send(request);
      return outcome.kind === "response" ? change(outcome) : outcome;
    },
    close,
  });
}

/** Changes what is told of an error. */
export function failing(change: (error: Extract<Outcome, { kind: "error" }>) => Outcome): TransportMutant["plant"] {
  return ({ send, close }) => ({
    send: async (request) => {
      const outcome = await send(request);
      return outcome.kind === "error" ? change(outcome) : outcome;
    },
    close,
  });
}

/** Sends once more after such an outcome. */
export function repeating(after: (outcome: Outcome) => boolean): TransportMutant["plant"] {
  return ({ send, close }) => ({
    send: async (request) => {
      const outcome = await send(request);
      return after(outcome) ? await send(request) : outcome;
    },
    close,
  });
}
