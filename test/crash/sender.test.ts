import { describe, it } from "vitest";
import { expectKeepsPromises } from "./sender-kills.ts";

describe("kill -9 of a process that sends", { timeout: 60_000 }, () => {
  it("loses nothing for which send had resolved", async () => {
    await expectKeepsPromises({ kills: 2 });
  });
});
