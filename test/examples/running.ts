import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** An example as a process of its own, spoken to over HTTP. */
export type Example = {
  /** What it printed until it was ready. */
  readonly greeting: string;
  readonly call: (method: string, path: string, request?: CallInput) => Promise<Called>;
  /** Sends a signal and waits for the end. */
  readonly stop: (signal: "SIGTERM" | "SIGINT") => Promise<{ readonly exitCode: number | null; readonly ms: number }>;
};

export type CallInput = {
  /** The token after `Bearer`. */
  readonly as?: string | undefined;
  /** Text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
};

export type Called = {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
};

/** Starts `examples/<name>/main.ts` on a free port. Resolves when it says that it listens. */
export async function startExample(name: string, env: Readonly<Record<string, string>>): Promise<Example> {
  const port = await freePort();
  const child = spawn(process.execPath, [join(import.meta.dirname, "../../examples", name, "main.ts")], {
    env: { ...process.env, ...env, PORT: String(port) },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
  });
  const exited = once(child, "close");
  const errors: string[] = [];
  child.stderr.on("data", (chunk) => errors.push(String(chunk)));
  const greeting: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    greeting.push(line);
    if (line === `listening on http://127.0.0.1:${port}`) break;
  }
  if (!greeting.at(-1)?.startsWith("listening")) {
    await exited;
    throw new Error(`${name} did not listen: ${errors.join("")}`);
  }

  return {
    greeting: greeting.join("\n"),
    call: async (method, path, { as, body } = {}) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: {
          ...(as !== undefined && { authorization: `Bearer ${as}` }),
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
    },
    stop: async (signal) => {
      const startedMs = performance.now();
      child.kill(signal);
      const [exitCode] = await exited;
      return { exitCode, ms: performance.now() - startedMs };
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}
