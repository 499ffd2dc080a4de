import { postgresStore } from "@outhook/postgres";
import { sqliteStore } from "@outhook/sqlite";
import { describe, it } from "vitest";
import { useServer } from "../postgres/database.ts";
import { expectIsolated } from "./isolation.ts";
import { newFile } from "./stored.ts";

const newDatabase = useServer();

describe("many endpoints that take requests and never answer delay nobody else", { timeout: 120_000 }, () => {
  it.each([
    { hanging: 10, each: 500 },
    { hanging: 60, each: 20 },
  ])("$hanging of them with $each waiting each, on SQLite", async (load) => {
    await expectIsolated(sqliteStore({ path: await newFile() }), { healthy: 50, ...load });
  });

  it("10 of them with 500 waiting each, on Postgres", async () => {
    const store = postgresStore({ connectionString: await newDatabase() });
    await expectIsolated(store, { healthy: 50, hanging: 10, each: 500 });
  });
});
