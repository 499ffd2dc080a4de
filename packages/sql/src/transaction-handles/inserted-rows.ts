/** What an INSERT of messages returns of each: of a message whose key was taken, the row that has it. */
export type InsertedRow = {
  readonly id: string;
  readonly hash: string | null;
  readonly tenant: string;
  readonly key: string | null;
};

/** The rows of an INSERT that returns these columns in this order, whether they came as objects or as arrays. */
export function insertedRows(rows: readonly unknown[]): readonly InsertedRow[] {
  return rows.map(toObject).filter(isInsertedRow);
}

function toObject(row: unknown): unknown {
  if (!Array.isArray(row)) return row;
  const [id, hash, tenant, key]: readonly unknown[] = row;
  return { id, hash, tenant, key };
}

function isInsertedRow(row: unknown): row is InsertedRow {
  return typeof row === "object" && row !== null && "id" in row && "hash" in row && "tenant" in row && "key" in row;
}
