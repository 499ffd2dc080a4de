import { describe, it } from "vitest";
import { useServer } from "./database.ts";
import { expectShares, expectTakeover } from "./sharing.ts";

const newDatabase = useServer();

describe("dispatchers in several processes, at length", { timeout: 600_000 }, () => {
  it("deliver 20,000 messages once each, each of four processes its share", async () => {
    await expectShares(await newDatabase(), 4, 20_000);
  });

  it("own what was another's when its heartbeat's time to live is over", async () => {
    await expectTakeover(await newDatabase(), { lapses: "in its time" });
  });
});
