import Database from "better-sqlite3";

/** Takes a database's tables away while something runs, so that its reads and writes fail. */
export async function whileBroken<Result>(path: string, run: () => Promise<Result>): Promise<Result> {
  const database = new Database(path, { timeout: 5_000 });
  const names = database
    .prepare<[], { readonly name: string }>(
      "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'",
    )
    .all()
    .map(({ name }) => name);
  const rename = (change: (name: string) => readonly [string, string]): void =>
    database.transaction(() => {
      for (const [from, to] of names.map(change)) database.exec(`alter table "${from}" rename to "${to}"`);
    })();
  rename((name) => [name, `away_${name}`]);
  try {
    return await run();
  } finally {
    rename((name) => [`away_${name}`, name]);
    database.close();
  }
}
