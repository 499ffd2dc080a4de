import { describe, it } from "vitest";
import { expectNothingLost } from "./killing.ts";

describe("kill -9 of a dispatcher", { timeout: 90_000 }, () => {
  it("loses nothing that was accepted while another process goes on sending", async () => {
    await expectNothingLost({ kills: 6 });
  });
});
