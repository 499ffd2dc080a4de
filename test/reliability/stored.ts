import Database from "better-sqlite3";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { readRows } from "../postgres/database.ts";

/** The path of a SQLite file, in a folder that goes when the test ends. */
export async function newFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "outhook-reliability-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "outhook.db");
}

/** What is stored of one message × endpoint. */
export type StoredDelivery = {
  readonly messageId: string;
  /** `null` before fan-out. */
  readonly status: string | null;
  /** The status code or the class of the error of each attempt, oldest first. */
  readonly attempts: readonly (number | string)[];
};

type Row = Readonly<Record<string, unknown>>;

/** What this select finds in the database, of either kind. */
export async function rowsIn(database: string, select: string): Promise<readonly Row[]> {
  if (database.startsWith("postgres")) return await readRows(database, select);
  const db = new Database(database, { timeout: 5_000 });
  try {
    return db.prepare<[], Row>(select).all();
  } finally {
    db.close();
  }
}

/** Everything that was accepted and what became of it. */
export async function storedIn(database: string): Promise<readonly StoredDelivery[]> {
  const deliveries = await rowsIn(
    database,
    `select m.id as message, d.id as id, d.status as status from outhook_messages m
    left join outhook_deliveries d on d.partition = m.partition and d.message_id = m.id`,
  );
  const attempts = await rowsIn(
    database,
    "select delivery_id as id, status_code, error_class from outhook_attempts order by number",
  );
  const byDelivery = new Map<unknown, (number | string)[]>();
  for (const { id, status_code: code, error_class: errorClass } of attempts) {
    const list = byDelivery.get(id) ?? [];
    list.push(typeof code === "number" ? code : String(errorClass));
    byDelivery.set(id, list);
  }
  return deliveries.map(({ message, id, status }) => ({
    messageId: String(message),
    status: typeof status === "string" ? status : null,
    attempts: byDelivery.get(id) ?? [],
  }));
}

/** How many deliveries there are of each status. */
export async function countsIn(database: string): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const { status } of await storedIn(database)) counts[status ?? "new"] = (counts[status ?? "new"] ?? 0) + 1;
  return counts;
}
