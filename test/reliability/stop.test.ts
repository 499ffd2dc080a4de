import { it } from "vitest";
import { expectHandOver } from "./stopping.ts";
import { newFile } from "./stored.ts";

it("SIGTERM under load hands everything over to a process that starts then", { timeout: 60_000 }, async () => {
  await expectHandOver(await newFile(), "starts when the first has ended");
});
