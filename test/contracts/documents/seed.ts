import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The text of a document as its author published it. */
export function readSeed(name: string): string {
  return readFileSync(join(import.meta.dirname, "../seeds", `${name}.txt`), "utf8");
}

/** What a pattern finds, of which there must be something. */
export function found(text: string, pattern: RegExp): string {
  const [whole, first = whole] = pattern.exec(text) ?? [];
  if (first === undefined) throw new Error(`the document has nothing like ${String(pattern)}`);
  return first;
}
