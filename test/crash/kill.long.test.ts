import { describe, it } from "vitest";
import { expectNothingLost } from "./killing.ts";

describe("kill -9 of a dispatcher, a hundred times", () => {
  it("loses nothing that was accepted while another process goes on sending", { timeout: 600_000 }, async () => {
    await expectNothingLost({ kills: 100 });
  });
});
