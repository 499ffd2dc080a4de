import { describe, it } from "vitest";
import { expectBounded } from "./origins.ts";

describe("a dispatcher", () => {
  it("that sends to 10,000 origins has at most 512 descriptors open and grows by at most 50 MiB", async () => {
    await expectBounded({ origins: 10_000 });
  });
});
