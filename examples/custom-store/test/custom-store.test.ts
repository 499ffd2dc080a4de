import { storeConformance } from "@outhook/testkit";
import { describe, it } from "vitest";
import { casesBeyondTheKit } from "./beyond-the-kit.ts";
import { create, skip } from "./handle.ts";

describe("the store on node:sqlite", () => {
  const cases = [...storeConformance({ create }, { skip }), ...casesBeyondTheKit];
  // oxlint-disable-next-line vitest/expect-expect -- the cases assert
  for (const { id, run } of cases) it(id, run);
});
