import type { List } from "./session.ts";
import { quoted } from "./tables.ts";

type Scalar = string | number | null;

/** Rows as parameters: an array for each column, whatever the number of rows. */
export type RowList<Row> = {
  /** What stands after `from`, with the names of the columns. */
  readonly sql: string;
  readonly values: (rows: readonly Row[]) => readonly List[];
};

/**
 * Rows whose columns have these types, beginning at the parameter `first`; `numbered` adds the column `position`, from 1.
 *
 * @example
 * const given = rowList<{ readonly partition: number; readonly id: string }>(
 *   "given", { partition: "smallint", id: "text" }, { first: 1 });
 * given.sql; // unnest($1::smallint[], $2::text[]) as given ("partition", "id")
 */
export function rowList<Row extends Readonly<Record<keyof Row, Scalar>>>(
  name: string,
  types: { readonly [Column in keyof Row]: "smallint" | "integer" | "bigint" | "text" },
  { first, numbered = false }: { readonly first: number; readonly numbered?: boolean | undefined },
): RowList<Row> {
  const columns = Object.keys(types).filter((column): column is keyof Row & string => column in types);
  const arrays = columns.map((column, index) => `$${first + index}::${types[column]}[]`).join(", ");
  const names = [...columns.map(quoted), ...(numbered ? ["position"] : [])];
  return {
    sql: `unnest(${arrays})${numbered ? " with ordinality" : ""} as ${name} (${names.join(", ")})`,
    values: (rows) => columns.map((column) => rows.map((row) => row[column])),
  };
}
