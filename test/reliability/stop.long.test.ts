import { describe, it } from "vitest";
import { useServer } from "../postgres/database.ts";
import type { Successor } from "./stopping.ts";
import { expectHandOver } from "./stopping.ts";
import { newFile } from "./stored.ts";

const newDatabase = useServer();
const successors: readonly Successor[] = ["runs already", "starts when the first has ended"];

describe.each(successors)(
  "SIGTERM under load, five times, with a successor that %s",
  { timeout: 120_000 },
  (successor) => {
    it("hands everything over on SQLite", async () => {
      for (let round = 0; round < 5; round += 1) await expectHandOver(await newFile(), successor);
    });

    it("hands everything over on Postgres", async () => {
      for (let round = 0; round < 5; round += 1) await expectHandOver(await newDatabase(), successor);
    });
  },
);
