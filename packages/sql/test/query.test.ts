import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import type { Dialect } from "../src/index.ts";
import { createQueryBuilder } from "../src/index.ts";
import { firstOf, rowsOf } from "../src/steps.ts";

const dialects: readonly { readonly dialect: Dialect; readonly first: string; readonly list: string }[] = [
  { dialect: "sqlite", first: "?", list: '"tenant" in (select value from json_each(?))' },
  { dialect: "postgres", first: "$1", list: '"tenant" = any($1)' },
];

describe.each(dialects)("a query for $dialect", ({ dialect, first, list }) => {
  const { db, query, inList } = createQueryBuilder(dialect);

  it("is compiled once and bound by the names of its parameters", () => {
    let built = 0;
    const revision = query((p: { readonly tenant: string }) => {
      built += 1;
      return db.selectFrom("outhook_tenants").select("revision").where("tenant", "=", p.tenant);
    });
    expect(revision.sql).toBe(`select "revision" from "outhook_tenants" where "tenant" = ${first}`);
    expect(revision.bind({ tenant: "acme" })).toEqual({ sql: revision.sql, parameters: ["acme"] });
    expect(revision.bind({ tenant: "globex" }).parameters).toEqual(["globex"]);
    expect(built).toBe(1);
  });

  it("binds a parameter wherever it stands, and keeps the constants between", () => {
    const update = query((p: { readonly id: string; readonly at: number }) =>
      db
        .updateTable("outhook_dispatchers")
        .set({ expires_at: p.at })
        .where("id", "=", p.id)
        .where("expires_at", "<", 7)
        .where("expires_at", "<", p.at),
    );
    expect(update.bind({ id: "d", at: 9 }).parameters).toEqual([9, "d", 7, 9]);
  });

  it("takes a whole row when it is told the columns", () => {
    const insert = query(
      (p: { readonly name: string; readonly value: string }) => db.insertInto("outhook_meta").values(p),
      ["name", "value"],
    );
    expect(insert.bind({ value: "v", name: "n" }).parameters).toEqual(["n", "v"]);
  });

  it("has one parameter for a list of any length", () => {
    const some = query((p: { readonly tenants: readonly string[] }) =>
      db.selectFrom("outhook_tenants").select("revision").where(inList("tenant", p.tenants)),
    );
    expect(some.sql).toContain(list);
    expect(some.bind({ tenants: ["a", "b"] }).parameters).toEqual([["a", "b"]]);
  });

  it("refuses a constant that no database takes", () => {
    const build = () =>
      query(() =>
        db
          .selectFrom("outhook_meta")
          .select("name")
          .where(sql`${{ a: 1 }}`, "=", sql.lit(1)),
      );
    expect(build).toThrow(/neither text nor number/);
  });
});

describe("steps", () => {
  const { db, query } = createQueryBuilder("sqlite");
  const names = query(() => db.selectFrom("outhook_meta").select("name"));

  it("yield the statement and go on with its rows", () => {
    const steps = rowsOf(names, {});
    expect(steps.next([])).toEqual({ done: false, value: { sql: names.sql, parameters: [] } });
    expect(steps.next([{ name: "a" }, { name: "b" }])).toEqual({ done: true, value: [{ name: "a" }, { name: "b" }] });
  });

  it("give the first row, or null when there is none", () => {
    for (const rows of [[{ name: "a" }, { name: "b" }], []]) {
      const steps = firstOf(names, {});
      steps.next([]);
      expect(steps.next(rows).value).toEqual(rows[0] ?? null);
    }
  });
});
