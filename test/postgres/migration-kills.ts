import { startReceiver } from "@outhook/testkit";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished } from "vitest";
import { readRows } from "./database.ts";
import { openOuthook } from "./outhook.ts";

/** Kills a process that migrates, when it has sent so many queries. Resolves to false when it had come to its end before. */
async function killAfter(url: string, queries: number): Promise<boolean> {
  const script = join(import.meta.dirname, "dying-process.ts");
  try {
    await promisify(execFile)(process.execPath, [script, url, String(queries)]);
    return false;
  } catch (error) {
    expect(error).toMatchObject({ signal: "SIGKILL" });
    return true;
  }
}

/** Kills a migration there, runs it again, and delivers a message. Resolves to false when it had come to its end before. */
export async function expectRunsAgain(url: string, queries: number): Promise<boolean> {
  const killed = await killAfter(url, queries);
  const receiver = await startReceiver();
  onTestFinished(() => receiver.close());
  const outhook = openOuthook(url);
  await outhook.migrate();
  expect(await outhook.migrate()).toEqual([]);
  const acme = outhook.tenant("acme");
  await acme.endpoints.create({ url: receiver.url() });
  await acme.send("loan.active", {});
  expect(await outhook.dispatcher.runOnce()).toMatchObject({ succeeded: 1, nextDueAt: null });
  await outhook.close();
  return killed;
}

/** All columns and indexes of the store's tables. */
export async function schemaIn(url: string): Promise<readonly unknown[]> {
  const columns = await readRows(
    url,
    `select table_name, column_name, data_type, collation_name, is_nullable from information_schema.columns
     where table_schema = 'outhook' order by 1, 2`,
  );
  return [
    ...columns,
    ...(await readRows(url, "select indexdef from pg_indexes where schemaname = 'outhook' order by 1")),
  ];
}
