import { afterAll, describe, it } from "vitest";

// For this process and those that it starts, before anything opens a store.
process.env["OUTHOOK_TEST_STORE"] = "custom";
const { expectNothingLost } = await import("./killing.ts");
const { expectKeepsPromises } = await import("./sender-kills.ts");

afterAll(() => {
  delete process.env["OUTHOOK_TEST_STORE"];
});

describe("the store of examples/custom-store", { timeout: 90_000 }, () => {
  it("loses nothing to kill -9 of a dispatcher", async () => {
    await expectNothingLost({ kills: 3 });
  });

  it("loses nothing for which send had resolved to kill -9 of the sender", async () => {
    await expectKeepsPromises({ kills: 2 });
  });
});
