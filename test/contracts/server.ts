import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** The running example. */
export type Example = {
  readonly origin: string;
  /** What it has printed. */
  readonly lines: readonly string[];
  /** The folder with its databases. */
  readonly folder: string;
  /** Asks it to end, and resolves to its exit code, `null` when it had to be killed. */
  readonly stop: () => Promise<number | null>;
};

const main = join(import.meta.dirname, "../../examples/contracts/main.ts");

/** Starts the example as a process on a free port, with this in its environment. */
export async function startExample(env: NodeJS.ProcessEnv = {}): Promise<Example> {
  const folder = await mkdtemp(join(tmpdir(), "outhook-contracts-test-"));
  const child = spawn(process.execPath, [main], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PORT: "0", DATABASE: folder, OUTHOOK_ALLOW: "127.0.0.0/8", ...env },
  });
  const ended = once(child, "exit");
  const lines: string[] = [];
  let log = "";
  child.stderr.on("data", (chunk) => (log += String(chunk)));
  const origin = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      lines.push(line);
      const [, found] = /^listening on (http:\S+)$/.exec(line) ?? [];
      if (found !== undefined) resolve(found);
    });
    child.once("exit", () => reject(new Error(`the example ended before it listened: ${log}`)));
  });
  return {
    origin,
    lines,
    folder,
    stop: async () => {
      child.kill("SIGTERM");
      const lastResort = setTimeout(() => child.kill("SIGKILL"), 8_000);
      await ended;
      clearTimeout(lastResort);
      await rm(folder, { recursive: true });
      return child.exitCode;
    },
  };
}
