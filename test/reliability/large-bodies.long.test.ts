import { it } from "vitest";
import { expectBoundedMemory } from "./large-bodies.ts";

it("400 bodies of a megabyte do not fill the memory", { timeout: 300_000 }, async () => {
  await expectBoundedMemory({ messages: 400 });
});
