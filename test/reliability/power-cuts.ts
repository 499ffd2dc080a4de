import Database from "better-sqlite3";
import { readFile, writeFile } from "node:fs/promises";
import { expect, onTestFinished } from "vitest";
import { newFile } from "./stored.ts";

/** A message for which `send` has resolved. */
export type Acknowledged = {
  readonly id: string;
  /** How much of the write-ahead log was on the disk for certain by then. */
  readonly durableBytes: number;
};

/** https://www.sqlite.org/fileformat.html#the_write_ahead_log */
const headerBytes = 32;
const frameHeaderBytes = 24;

/** Makes the database, and keeps all that is written into it in its log, which then tells the order of all writes. */
export function keepLog(database: string): void {
  const reader = new Database(database);
  onTestFinished(() => void reader.close());
  reader.pragma("journal_mode = WAL");
  // A log of which somebody reads an old state is never begun anew.
  reader.exec("begin");
  reader.prepare("select count(*) from sqlite_master").get();
}

/**
 * Cuts the log of a copy where the power may have gone: after each frame from the first acknowledged message on, and in the
 * middle of the next. What was acknowledged by then is there, whole, as is the file. Returns how many cuts it made.
 */
export async function expectSurvivesPowerCuts(
  database: string,
  { acknowledged, bodyBytes }: { readonly acknowledged: readonly Acknowledged[]; readonly bodyBytes: number },
): Promise<number> {
  const [file, log] = await Promise.all([readFile(database), readFile(`${database}-wal`)]);
  const frameBytes = frameHeaderBytes + log.readUInt32BE(8);
  const from = Math.min(...acknowledged.map(({ durableBytes }) => durableBytes));
  const copy = await newFile();
  let cuts = 0;
  let recoveredLast = 0;
  for (let end = headerBytes; end <= log.length; end += frameBytes) {
    if (end + frameBytes <= from) continue;
    for (const left of [end, Math.min(end + frameBytes / 2, log.length)]) {
      const recovered = await recover(copy, { file, log: log.subarray(0, left) });
      const promised = acknowledged.filter(({ durableBytes }) => durableBytes <= left).map(({ id }) => id);
      expect(promised.filter((id) => !recovered.has(id))).toEqual([]);
      for (const body of recovered.values()) expect(JSON.parse(body).data.text).toHaveLength(bodyBytes);
      recoveredLast = recovered.size;
      cuts += 1;
    }
  }
  // That the log was kept from the beginning, and that the cuts took something away.
  expect(recoveredLast).toBeGreaterThanOrEqual(acknowledged.length);
  expect(cuts).toBeGreaterThan(acknowledged.length);
  return cuts;
}

/** Opens what is left, as a process does that starts when the power is back, and returns the bodies of its messages. */
async function recover(
  copy: string,
  { file, log }: { readonly file: Buffer; readonly log: Buffer },
): Promise<ReadonlyMap<string, string>> {
  await Promise.all([writeFile(copy, file), writeFile(`${copy}-wal`, log)]);
  const db = new Database(copy);
  try {
    expect(db.pragma("integrity_check", { simple: true })).toBe("ok");
    const tables = db.prepare("select 1 from sqlite_master where name = 'outhook_messages'").all();
    if (tables.length === 0) return new Map();
    const rows = db.prepare<[], { id: string; body: string }>("select id, body from outhook_messages").all();
    return new Map(rows.map(({ id, body }) => [id, body]));
  } finally {
    db.close();
  }
}
