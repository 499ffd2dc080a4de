import { statSync } from "node:fs";
import { expect, it, onTestFinished } from "vitest";
import { openApp } from "./app.ts";
import type { Acknowledged } from "./power-cuts.ts";
import { expectSurvivesPowerCuts, keepLog } from "./power-cuts.ts";
import { newFile, rowsIn } from "./stored.ts";

const rounds = 4;
const atOnce = 3;
const bodyBytes = 6_000;

/** That a commit waits for the disk is what `synchronous = FULL` means; the long form of this test looks whether it does. */
it("whatever a power cut takes of the log, what was acknowledged is recovered from the rest", async () => {
  const database = await newFile();
  keepLog(database);
  // As after a restart: the tables are there, and the file is in WAL mode.
  const first = openApp({ database });
  await first.migrate();
  await first.close();
  const outhook = openApp({ database });
  onTestFinished(() => outhook.close());
  const acme = outhook.tenant("acme");
  const acknowledged: Acknowledged[] = [];
  const send = async (): Promise<void> => {
    const { id } = await acme.send("loan.active", { text: "x".repeat(bodyBytes) });
    acknowledged.push({ id, durableBytes: statSync(`${database}-wal`).size });
  };
  for (let round = 0; round < rounds; round += 1) await Promise.all(Array.from({ length: atOnce }, send));
  const cuts = await expectSurvivesPowerCuts(database, { acknowledged, bodyBytes });
  console.log(`${acknowledged.length} messages acknowledged, ${cuts} power cuts`);
  expect(await rowsIn(database, "select id from outhook_messages")).toHaveLength(acknowledged.length);
});
