import { postgresStore } from "@outhook/postgres";
import { sqliteStore } from "@outhook/sqlite";
import { describe, it } from "vitest";
import { useServer } from "../postgres/database.ts";
import { expectIsolated } from "./isolation.ts";
import { newFile } from "./stored.ts";

const newDatabase = useServer();
/** More than the slots, if each of those that hang had the four of an endpoint that is new. */
const load = { healthy: 20, hanging: 20, each: 6, concurrency: 64 };

describe("endpoints that take requests and never answer delay nobody else", { timeout: 60_000 }, () => {
  it("on SQLite", async () => {
    await expectIsolated(sqliteStore({ path: await newFile() }), load);
  });

  it("on Postgres", async () => {
    await expectIsolated(postgresStore({ connectionString: await newDatabase() }), load);
  });
});
