import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** The process of the receivers. */
export type Answering<Answer> = {
  /** What it said first. */
  readonly first: unknown;
  readonly ask: () => Promise<Answer>;
  readonly end: () => Promise<void>;
};

export async function startProcess<Answer>(hanging: number): Promise<Answering<Answer>> {
  const child = fork(join(import.meta.dirname, "receiver-process.ts"), [String(hanging)]);
  const [first] = await once(child, "message");
  return {
    first,
    ask: async () => {
      child.send("tell");
      const [answer] = await once(child, "message");
      return answer;
    },
    end: async () => {
      child.disconnect();
      await once(child, "exit");
    },
  };
}
