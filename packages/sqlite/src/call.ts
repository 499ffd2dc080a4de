import type { CarriedError } from "./carried-error.ts";
import type { InnerOptions, InnerStore } from "./inner-store.ts";

/** Comes before all calls: the store that they are for. */
export type Open = { readonly open: InnerOptions };

/** What is asked of the store's thread. */
export type Call = {
  readonly id: number;
  readonly group: string;
  readonly method: string;
  readonly input: unknown;
};

/** What it answers, several at once. */
export type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: CarriedError };

/** What it says without being asked: somebody has written. */
export const changed = "changed";

/** Calls a method of the inner store, wherever that is. */
export type Ask = <Group extends keyof InnerStore, Method extends keyof InnerStore[Group] & string>(
  group: Group,
  method: Method,
  input: InputOf<InnerStore[Group][Method]>,
) => Promise<ResultOf<InnerStore[Group][Method]>>;

type InputOf<Method> = Method extends (input: infer Input) => Promise<unknown> ? Input : never;
type ResultOf<Method> = Method extends (input: never) => Promise<infer Result> ? Result : never;
