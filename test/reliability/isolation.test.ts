import { postgresStore } from "@outhook/postgres";
import { sqliteStore } from "@outhook/sqlite";
import { describe, it } from "vitest";
import { useServer } from "../postgres/database.ts";
import { expectIsolated } from "./isolation.ts";
import { newFile } from "./stored.ts";

const newDatabase = useServer();
const crowd = { healthy: 20, endpoints: 70, each: 5 };

describe("endpoints that take requests and never answer delay nobody else", { timeout: 60_000 }, () => {
  it("on SQLite", async () => {
    await expectIsolated(sqliteStore({ path: await newFile() }), crowd);
  });

  it("on Postgres", async () => {
    await expectIsolated(postgresStore({ connectionString: await newDatabase() }), crowd);
  });
});
