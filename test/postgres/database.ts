import { afterAll, beforeAll, onTestFinished } from "vitest";
import { runOn } from "../../packages/postgres/test/fixtures/database.ts";
import type { TestServer } from "../../packages/postgres/test/fixtures/server.ts";
import { startServer } from "../../packages/postgres/test/fixtures/server.ts";

/**
 * Makes databases, each of which goes with its test, on a server that the tests of one file share: the one that
 * OUTHOOK_TEST_POSTGRES_URL names, or one of their own. To be called once, at the top of the file.
 */
export function useServer(): () => Promise<string> {
  const named = process.env["OUTHOOK_TEST_POSTGRES_URL"];
  let server: TestServer | undefined;
  beforeAll(async () => {
    if (named === undefined) server = await startServer();
  }, 60_000);
  afterAll(() => server?.destroy());

  return async () => {
    const url = new URL(named ?? server?.url ?? "");
    const base = url.href;
    const name = `outhook_test_${crypto.randomUUID().replaceAll("-", "")}`;
    await runOn(base, `create database ${name} template template0`);
    onTestFinished(async () => {
      await runOn(base, `drop database ${name} with (force)`);
    });
    url.pathname = `/${name}`;
    return url.href;
  };
}

/** What this select finds in the tables of Outhook. */
export async function readRows(url: string, select: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return await runOn(url, `set search_path = outhook; ${select}`);
}

/** The first row of that. */
export async function readRow(url: string, select: string): Promise<Readonly<Record<string, unknown>>> {
  const [row] = await readRows(url, select);
  if (row === undefined) throw new Error(`no row: ${select}`);
  return row;
}
