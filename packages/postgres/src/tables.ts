import type { Database } from "@outhook/sql";

/** The tables as statements name them: in their schema and quoted, so that no search path counts. */
export type Tables = {
  readonly [Name in keyof Database as Name extends `outhook_${infer Short}` ? Short : never]: string;
};

export function tablesIn(schema: string): Tables {
  const named = (table: keyof Database): string => `${quoted(schema)}.${table}`;
  return {
    meta: named("outhook_meta"),
    migrations: named("outhook_migrations"),
    tenants: named("outhook_tenants"),
    endpoints: named("outhook_endpoints"),
    secrets: named("outhook_secrets"),
    answers: named("outhook_answers"),
    messages: named("outhook_messages"),
    deliveries: named("outhook_deliveries"),
    queue: named("outhook_queue"),
    attempts: named("outhook_attempts"),
    health: named("outhook_health"),
    dispatchers: named("outhook_dispatchers"),
  };
}

export function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

/**
 * The condition that a row of `alias` has this key: the first column, and the others.
 *
 * It means what `=` means. But with `=` for the first column Postgres may also join by reading the whole index, which it
 * prefers while a table is tiny, and a connection keeps a plan for as long as the table's statistics stand: new tables were
 * read from end to end for the first minute of their life. For a list of one it can only look keys up.
 *
 * @example
 * hasKey("d", { partition: "given.partition", id: "given.id" });
 * // d.partition = any (array[given.partition]) and d.id = given.id
 */
export function hasKey(alias: string, key: Readonly<Record<string, string>>): string {
  return Object.entries(key)
    .map(([column, value], index) => `${alias}.${column} = ${index === 0 ? `any (array[${value}])` : value}`)
    .join(" and ");
}
