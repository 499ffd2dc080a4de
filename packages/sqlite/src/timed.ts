/** The methods of a group of the port, each of which is given the time. */
export type Timed<Group> = {
  readonly [Method in keyof Group]: Group[Method] extends (input: infer Input) => infer Answer
    ? (input: WithTime<Input>) => Answer
    : never;
};

type WithTime<Input> = Input extends { readonly now?: number | undefined }
  ? Omit<Input, "now"> & { readonly now: number }
  : Input;

/** The input with the time in it: the caller's, or the clock's. */
export function timed<Input extends { readonly now?: number | undefined }>(
  input: Input,
  clock: () => number,
): Omit<Input, "now"> & { readonly now: number } {
  return { ...input, now: input.now ?? clock() };
}
