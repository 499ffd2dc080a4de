import { describe, it } from "vitest";
import { expectBounded } from "./origins.ts";

describe("a dispatcher", () => {
  it("that sends to 1,000 origins has at most 512 descriptors open", { timeout: 60_000 }, async () => {
    await expectBounded({ origins: 1_000 });
  });
});
