import { memoryStore } from "@outhook/core";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { storeConformance } from "../src/index.ts";

it("storeConformance runs under node:test as well, where the memory store passes every case", async () => {
  const file = join(import.meta.dirname, "node-test-process.ts");
  const { stdout } = await promisify(execFile)(process.execPath, ["--test", "--test-reporter=tap", file]);
  const store = memoryStore();
  const create = async () => ({ store, peer: async () => store, destroy: store.close });
  const cases = storeConformance({ create }).filter(({ group }) => group !== "transaction");
  for (const { id } of cases) expect(stdout).toContain(`- ${id.replaceAll("#", String.raw`\#`)}\n`);
  expect(stdout).toContain(`# pass ${cases.length}\n# fail 0\n`);
});
