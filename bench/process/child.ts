import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Answer, Commands, Usage } from "./serve.ts";

/** A process that answers the commands it serves. */
export type Child<C extends Commands> = {
  readonly call: <Name extends keyof C & string>(
    name: Name,
    ...input: Parameters<C[Name]>
  ) => Promise<Awaited<ReturnType<C[Name]>>>;
  /** What it has used since it started. */
  readonly usage: () => Promise<Usage>;
  readonly end: () => Promise<void>;
};

/** So that a process does not hold what turns TypeScript into JavaScript, 15 MiB that nobody has who uses the packages. */
const compileCache = join(import.meta.dirname, "../node_modules/.compile-cache");

type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void };

/**
 * Starts a script that calls `serve`, and waits until it does. `profile` is a folder for what `node --cpu-prof` writes.
 *
 * @example
 * const receiver = await startChild<ReceiverCommands>(join(import.meta.dirname, "receiver-process.ts"));
 * await receiver.call("counts");
 */
export async function startChild<C extends Commands>(
  script: string,
  { profile = null }: { readonly profile?: string | null } = {},
): Promise<Child<C>> {
  const execArgv = profile === null ? [] : ["--cpu-prof", `--cpu-prof-dir=${profile}`];
  const child = fork(script, [], { execArgv, env: { ...process.env, NODE_COMPILE_CACHE: compileCache } });
  const waiting = new Map<number, Waiting>();
  let calls = 0;

  const ask = async (name: string, input: readonly unknown[]): Promise<unknown> => {
    const id = (calls += 1);
    return await new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      if (child.connected) child.send({ id, name, input });
      else reject(new Error(`${script} has ended`));
    });
  };

  await Promise.race([
    once(child, "message"),
    once(child, "exit").then(() => Promise.reject(new Error(`${script} did not start`))),
  ]);
  child.on("message", (message) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `serve` stands beside this
    const { id, value, error } = message as Answer;
    const { resolve, reject } = waiting.get(id) ?? {};
    waiting.delete(id);
    if (error === null) resolve?.(value);
    else reject?.(new Error(error));
  });
  child.once("exit", () => {
    for (const { reject } of waiting.values()) reject(new Error(`${script} has ended`));
  });

  return {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the script says what it serves
    call: (name, ...input) => ask(name, input) as Promise<Awaited<ReturnType<C[typeof name]>>>,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every script serves it
    usage: () => ask("usage", []) as Promise<Usage>,
    end: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.disconnect();
      await once(child, "exit");
    },
  };
}
