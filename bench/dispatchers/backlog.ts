import type pg from "pg";
import { postgresStore } from "../../packages/postgres/src/index.ts";
import { groupsOf, messageInTurn } from "../messages.ts";

const bytes = 1_024;
const rowsPerInsert = 500;

/** Messages of all tenants, in a transaction that is left open: all of them are there at once when it commits. */
export async function insertBacklog(
  client: pg.Client,
  url: string,
  { tenants, size }: { readonly tenants: number; readonly size: number },
): Promise<void> {
  const store = postgresStore({ connectionString: url, maxConnections: 1 });
  await client.query("begin");
  for (const group of groupsOf(0, size, rowsPerInsert))
    await store.messages.insert({ messages: group.map((n) => messageInTurn(n, { tenants, bytes })), tx: client });
  await store.close();
}
