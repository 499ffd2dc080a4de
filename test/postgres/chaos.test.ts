import { describe, it } from "vitest";
import { wreakChaos } from "./chaos.ts";
import { expectNothingLost } from "./nothing-lost.ts";

describe("kills of dispatchers, and a database that comes and goes", { timeout: 120_000 }, () => {
  it("lose nothing and repeat no more than was in flight", async () => {
    const report = await wreakChaos({
      messages: 600,
      ahead: 100,
      kills: 2,
      databaseFaults: ["terminate", "restart", "partition"],
      downMs: 500,
      partitionMs: 300,
    });
    expectNothingLost(report);
  });
});
