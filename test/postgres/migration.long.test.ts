import { describe, expect, it } from "vitest";
import { useServer } from "./database.ts";
import { expectRunsAgain, schemaIn } from "./migration-kills.ts";

const newDatabase = useServer();

describe("a process that is killed while it migrates Postgres", { timeout: 300_000 }, () => {
  it("leaves a database that the next one migrates, whichever query was its last", async () => {
    const untouched = await newDatabase();
    expect(await expectRunsAgain(untouched, Number.POSITIVE_INFINITY)).toBe(false);
    const schema = await schemaIn(untouched);
    let kills = 0;
    for (;;) {
      const database = await newDatabase();
      const killed = await expectRunsAgain(database, kills + 1);
      expect(await schemaIn(database)).toEqual(schema);
      if (!killed) break;
      kills += 1;
    }
    console.log(`killed at each of ${kills} queries`);
    expect(kills).toBeGreaterThan(10);
  });
});
