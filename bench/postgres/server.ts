import pg from "pg";
import { startServer } from "../../packages/postgres/test/fixtures/server.ts";

/** The Postgres that a benchmark runs on: the one that OUTHOOK_TEST_POSTGRES_URL names, or a throw-away one. */
export type BenchServer = {
  /** Of a role that may create databases. */
  readonly url: string;
  readonly version: string;
  /** Makes an empty database and returns its URL. */
  readonly createDatabase: (name: string) => Promise<string>;
  readonly dropDatabase: (name: string) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Without these a commit costs less than it does in life. */
const durable = ["fsync", "full_page_writes", "synchronous_commit"];

/** Throws when the server does not keep what it says it has committed. */
export async function openServer(): Promise<BenchServer> {
  const named = process.env["OUTHOOK_TEST_POSTGRES_URL"];
  const own = named === undefined ? await startServer() : null;
  const url = named ?? own?.url ?? "";
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const show = async (setting: string): Promise<string> => (await client.query(`show ${setting}`)).rows[0][setting];
  for (const setting of durable) {
    const value = await show(setting);
    if (value === "on") continue;
    await client.end();
    await own?.destroy();
    throw new Error(
      `${setting} is ${value}, not on, on this server: its figures would say nothing about a server that keeps data`,
    );
  }
  return {
    url,
    version: await show("server_version"),
    createDatabase: async (name) => {
      await client.query(`create database ${name} template template0`);
      const ofDatabase = new URL(url);
      ofDatabase.pathname = `/${name}`;
      return ofDatabase.href;
    },
    dropDatabase: async (name) => {
      await client.query(`drop database ${name} with (force)`);
    },
    close: async () => {
      await client.end();
      await own?.destroy();
    },
  };
}

/** Runs `work` on a connection of its own. */
export async function withClient<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
