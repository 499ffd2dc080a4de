import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Dialect, Migration } from "../src/index.ts";
import { migrations, pendingMigrations, schemaSql } from "../src/index.ts";
import { schemaFile } from "./fixtures/committed-schema.ts";

const known: readonly Migration[] = ["0001_tables", "0002_more"].map((id) => ({
  id,
  breaking: false,
  statements: () => [],
}));
const applied = (id: string, breaking = false) => ({ id, breaking });

describe("pending migrations", () => {
  it.each([
    { database: [], pending: ["0001_tables", "0002_more"] },
    { database: [applied("0001_tables")], pending: ["0002_more"] },
    { database: [applied("0001_tables"), applied("0002_more")], pending: [] },
    // Two branches of one release: what is missing runs, whatever came after it.
    { database: [applied("0002_more")], pending: ["0001_tables"] },
    // A newer version has only added to the schema.
    { database: [applied("0001_tables"), applied("0002_more"), applied("0003_added")], pending: [] },
  ])("on $database are $pending", ({ database, pending }) => {
    expect(pendingMigrations(database, known).map(({ id }) => id)).toEqual(pending);
  });

  it("are refused when a newer version has changed what this one relies on", () => {
    expect(() => pendingMigrations([applied("0001_tables"), applied("0003_changed", true)], known)).toThrow(
      expect.objectContaining({ code: "schema_newer", message: expect.stringContaining("0003_changed") }),
    );
  });
});

describe("the migrations", () => {
  it("are numbered in the order in which they run", () => {
    const ids = migrations.map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted());
    for (const [index, id] of ids.entries())
      expect(id).toMatch(new RegExp(`^${String(index + 1).padStart(4, "0")}_[a-z_]+$`));
  });
});

describe("the printed SQL of a migration that is not transactional", () => {
  it("may run in a transaction all the same, as on an empty database nobody is kept waiting", () => {
    const index = "if not exists outhook_types on outhook_messages (partition, type)";
    const statements = () => [`create index concurrently ${index}`, `create unique index concurrently ${index}`];
    const printed = schemaSql("postgres", {}, [
      { id: "0001_types", breaking: false, transactional: false, statements },
    ]);
    expect(printed).toContain(`create index ${index};`);
    expect(printed).toContain(`create unique index ${index};`);
    expect(printed).not.toContain("concurrently");
  });
});

describe.each<{ readonly dialect: Dialect }>([{ dialect: "sqlite" }, { dialect: "postgres" }])(
  "the printed schema for $dialect",
  ({ dialect }) => {
    const schema = schemaSql(dialect);
    const tables = ["outhook_messages", "outhook_deliveries", "outhook_queue", "outhook_attempts"];

    it.each(tables)("has the partition in the key of %s", (table) => {
      const key = new RegExp(`create table (?:"outhook".)?${table} \\([^;]*primary key \\(([^)]+)\\)`)
        .exec(schema)?.[1]
        ?.split(", ");
      expect(key).toContain("partition");
      if (dialect === "postgres") expect(key?.[0]).toBe("partition");
    });

    it("has the partition in every index of these tables", () => {
      const indexes = [...schema.matchAll(/index \w+ on (?:"outhook".)?(\w+) \(([^)]+)\)/g)].filter(([, of = ""]) =>
        tables.includes(of),
      );
      expect(indexes.length).toBeGreaterThan(5);
      for (const [, , columns = ""] of indexes) {
        const names = columns.split(", ");
        expect(names).toContain("partition");
        if (dialect === "postgres") expect(names[0]).toBe("partition");
      }
    });

    it("has no foreign key, and prefixes whatever it makes", () => {
      expect(schema).not.toMatch(/references|foreign key/i);
      for (const [, name] of schema.matchAll(
        /create (?:table|index|unique index)(?: if not exists)? (?:"outhook".)?(\w+)/g,
      )) {
        expect(name).toMatch(/^outhook_/);
      }
    });

    it("is the one that is committed", () => {
      const committed = readFileSync(schemaFile(dialect), "utf8");
      expect(committed, "run node packages/sql/test/fixtures/committed-schema.ts").toBe(schema);
    });

    it("records each migration before its statements", () => {
      const at = dialect === "postgres" ? '"outhook".' : "";
      for (const { id, statements } of migrations) {
        const recorded = schema.indexOf(`values ('${id}'`);
        expect(recorded).toBeGreaterThan(0);
        for (const statement of statements(dialect, at))
          expect(schema.indexOf(`${statement};`)).toBeGreaterThan(recorded);
      }
    });
  },
);
