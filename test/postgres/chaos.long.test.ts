import { describe, it } from "vitest";
import { wreakChaos } from "./chaos.ts";
import { expectNothingLost } from "./nothing-lost.ts";

describe("many kills of dispatchers, and a database that comes and goes", { timeout: 300_000 }, () => {
  it("lose nothing and repeat no more than was in flight", async () => {
    const report = await wreakChaos({
      messages: 6_000,
      ahead: 500,
      kills: 12,
      databaseFaults: ["terminate", "terminate", "terminate", "restart", "partition"],
      downMs: 3_000,
      partitionMs: 1_500,
    });
    expectNothingLost(report);
  });

  it("repeat nothing where no dispatcher is killed", async () => {
    const report = await wreakChaos({
      messages: 3_000,
      ahead: 500,
      kills: 0,
      databaseFaults: [
        "terminate",
        "terminate",
        "terminate",
        "terminate",
        "terminate",
        "terminate",
        "restart",
        "partition",
      ],
      downMs: 3_000,
      partitionMs: 1_500,
    });
    expectNothingLost(report);
  });
});
