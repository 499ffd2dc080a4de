import { storeConformance } from "@outhook/testkit";
import { describe, it } from "node:test";
import { casesBeyondTheKit } from "./beyond-the-kit.ts";
import { create, skip } from "./handle.ts";

void describe("the store on node:sqlite", () => {
  const cases = [...storeConformance({ create }, { skip }), ...casesBeyondTheKit];
  for (const { id, run } of cases) void it(id, run);
});
