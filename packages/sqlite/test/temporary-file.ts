import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A path for a database in a folder of its own, which `remove` takes away with all that SQLite puts beside it. */
export async function temporaryFile(): Promise<{ readonly path: string; readonly remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "outhook-sqlite-"));
  return { path: join(folder, "outhook.db"), remove: () => rm(folder, { recursive: true, force: true }) };
}
