import type pg from "pg";
import type { NewMessage } from "../../packages/core/src/store/messages.ts";
import { newId } from "../../packages/core/src/id.ts";
import { defaultPartitions, partitionOf } from "../../packages/core/src/partition.ts";
import { postgresStore } from "../../packages/postgres/src/index.ts";
import { openOuthook } from "./outhook.ts";

/** Enough that every partition has some. */
const tenants = 256;
const bodyBytes = 1_024;
const rowsPerInsert = 500;

/** Migrates a database and gives each tenant an endpoint. */
export async function prepareDatabase(url: string, port: number): Promise<void> {
  const outhook = openOuthook(url);
  await outhook.migrate();
  await Promise.all(
    Array.from({ length: tenants }, (_, n) =>
      outhook.tenant(`tenant-${n}`).endpoints.create({
        url: `http://127.0.0.1:${port}/${n}`,
        events: ["loan.*"],
        timeoutSeconds: 60,
      }),
    ),
  );
  await outhook.close();
}

/** Messages of all tenants, in a transaction that is left open: all of them are there at once when it commits. */
export async function insertBacklog(client: pg.Client, url: string, size: number): Promise<void> {
  const store = postgresStore({ connectionString: url, maxConnections: 1 });
  await client.query("begin");
  for (let n = 0; n < size; n += rowsPerInsert) {
    const messages = Array.from({ length: Math.min(rowsPerInsert, size - n) }, (_, index) => message(n + index));
    await store.messages.insert({ messages, tx: client });
  }
  await store.close();
}

function message(n: number): NewMessage {
  const id = newId("msg_");
  const tenant = `tenant-${n % tenants}`;
  const type = "loan.active";
  const head = JSON.stringify({ type, timestamp: new Date().toISOString(), data: { n, note: "" } });
  return {
    id,
    partition: partitionOf(tenant, id, { partitions: defaultPartitions, spread: {} }),
    tenant,
    type,
    body: head.replace(/"}}$/, `${"x".repeat(bodyBytes - head.length)}"}}`),
    createdAt: Date.now(),
    idempotencyKey: null,
    payloadHash: null,
  };
}
