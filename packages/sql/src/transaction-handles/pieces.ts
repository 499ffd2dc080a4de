import type { StatementValue, TransactionStatement } from "./handle.ts";

/** A statement cut at its values: one text more than values, the first before the first value. */
export type Pieces = { readonly texts: readonly string[]; readonly values: readonly StatementValue[] };

/** Quoted names and texts, in which nothing stands for a value, and what does. */
const tokens = /("(?:[^"]|"")*"|'(?:[^']|'')*'|\?|\$\d+)/;

/** Cuts a statement for libraries that write their own placeholders. */
export function piecesOf({ sql, parameters }: TransactionStatement): Pieces {
  const texts: string[] = [];
  const values: StatementValue[] = [];
  let text = "";
  for (const part of sql.split(tokens)) {
    const index = indexOf(part, values.length);
    if (index === null) {
      text += part;
      continue;
    }
    texts.push(text);
    values.push(parameters[index] ?? null);
    text = "";
  }
  return { texts: [...texts, text], values };
}

function indexOf(part: string, next: number): number | null {
  if (part === "?") return next;
  return /^\$\d+$/.test(part) ? Number(part.slice(1)) - 1 : null;
}
