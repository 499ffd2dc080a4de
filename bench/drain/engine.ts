import type { Target } from "../receiver/receiver.ts";
import type { Location } from "../stores.ts";

/** Where an engine keeps its messages. */
export type Queue = Location | { readonly kind: "none" } | { readonly kind: "redis"; readonly url: string };

/** What all engines get alike. It can be told to another process. */
export type Setup = {
  readonly queue: Queue;
  readonly targets: readonly Target[];
  /** Requests open at once. */
  readonly inFlight: number;
  /** Of those, to one endpoint. Default Outhook's. */
  readonly perEndpoint?: number | undefined;
  /** Of each endpoint of Outhook, the last of which matches. Default 1. */
  readonly patterns?: number | undefined;
  /** Of each body. */
  readonly bytes: number;
};

/** Messages by their numbers: those from `first` on. */
export type Range = { readonly first: number; readonly count: number };

/**
 * One way to send what waits. It is opened in two processes: in the bench's own, which prepares and enqueues, and in the
 * sender's, which drains.
 */
export type Engine = {
  /** Makes what must be there before the first message: tables, endpoints. */
  readonly prepare: () => Promise<void>;
  /** Puts messages where `drain` finds them. Nothing is sent yet. */
  readonly enqueue: (range: Range) => Promise<void>;
  /** What a sender that has just started would have done already. Not measured. */
  readonly ready: (range: Range) => Promise<void>;
  /** Sends what waits. Resolves once all of it was answered, and the queue knows. This is measured. */
  readonly drain: (range: Range) => Promise<void>;
  /** Stops what `drain` has started. Not measured. */
  readonly rest: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export type OpenEngine = (setup: Setup) => Promise<Engine>;

export async function nothing(): Promise<void> {}
