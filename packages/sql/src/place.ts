/** What stands before the name of a table in this schema; without one the search path decides. */
export function placeOf(schema: string | undefined): string {
  return schema === undefined ? "" : `"${schema.replaceAll('"', '""')}".`;
}
