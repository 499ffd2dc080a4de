import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");

/** Runs the workspace's own test configuration on other files. */
async function runTests(files: Readonly<Record<string, string>>): Promise<{ status: number | null; lastLine: string }> {
  const folder = await mkdtemp(join(tmpdir(), "outhook-runner-"));
  try {
    await mkdir(join(folder, "test"));
    await symlink(join(root, "node_modules"), join(folder, "node_modules"));
    await writeFile(join(folder, "package.json"), `{ "type": "module" }`);
    const tsconfig = { extends: join(root, "tsconfig.json"), compilerOptions: { rootDir: null }, include: ["test"] };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, "test", name), text);
    const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
    const args = [vitest, "run", "--root", folder, "--config", join(root, "vitest.config.ts")];
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
    return { status, lastLine: stdout.trimEnd().split("\n").at(-1) ?? "" };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const passing = `import { expect, it } from "vitest";\nit("adds", () => expect(1 + 1).toBe(2));\n`;
const typed = `import { expectTypeOf, it } from "vitest";\nit("is a string", () => expectTypeOf("").toBeString());\n`;

describe("the test run", { timeout: 60_000 }, () => {
  it("passes when everything does", async () => {
    expect(
      await runTests({ "a.test.ts": `${passing}it.skip("later", () => undefined);\n`, "b.test-d.ts": typed }),
    ).toEqual({
      status: 0,
      lastLine: "tests: 2 passed, 0 failed, 1 skipped",
    });
  });

  it.each([
    { fault: "a test that fails", file: "b.test.ts", text: passing.replace("toBe(2)", "toBe(3)") },
    { fault: "a file that does not load", file: "b.test.ts", text: `throw new Error("no");` },
    {
      fault: "an error that no test waited for",
      file: "b.test.ts",
      text: `import { it } from "vitest";\nvoid Promise.reject(new Error("no"));\nit.skip("later", () => undefined);\n`,
    },
    { fault: "a type test that fails", file: "b.test-d.ts", text: typed.replace("toBeString", "toBeNumber") },
    {
      fault: "a type error beside the type tests",
      file: "b.test-d.ts",
      text: `${typed}export const a: number = "";\n`,
    },
    {
      fault: "an expected type error that is not there",
      file: "b.test-d.ts",
      text: `${typed}// @ts-expect-error\nexport const a: number = 1;\n`,
    },
  ])("fails on $fault", async ({ file, text }) => {
    const { status, lastLine } = await runTests({ "a.test.ts": passing, [file]: text });
    expect(lastLine).toMatch(/^tests: \d passed, 1 failed/);
    expect(status).toBe(1);
  });

  it("leaves the long lane out", async () => {
    const { status, lastLine } = await runTests({
      "a.test.ts": passing,
      "b.long.test.ts": passing.replace("2)", "3)"),
    });
    expect({ status, lastLine }).toEqual({ status: 0, lastLine: "tests: 1 passed, 0 failed" });
  });
});
