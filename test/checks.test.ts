import { describe, expect, it } from "vitest";
import { machinePathsOf } from "../scripts/machine-paths.ts";
import { programsOf } from "../scripts/markdown-programs.ts";

describe("the programs of a page", () => {
  const page = (...lines: readonly string[]): string => lines.join("\n");

  it("stand alone, each line at its place", () => {
    const { programs, faults } = programsOf(
      page("# Title", "```ts", "const a = 1;", "```", "", "```ts", "const b = 2;", "```"),
    );
    expect(faults).toEqual([]);
    expect([...programs.keys()]).toEqual(["2.ts", "6.ts"]);
    expect(programs.get("2.ts")?.split("\n")[2]).toBe("const a = 1;");
    expect(programs.get("6.ts")?.split("\n")[6]).toBe("const b = 2;");
    expect(programs.get("6.ts")).not.toContain("const a");
  });

  it("are one when their fences name one file", () => {
    const { programs } = programsOf(page("```ts app.ts", "const a = 1;", "```", "```ts app.ts", "a;", "```"));
    expect([...programs.keys()]).toEqual(["app.ts"]);
    expect(programs.get("app.ts")).toMatch(/^\nconst a = 1;\n\n\na;\n/);
  });

  it("are not what other languages or longer fences hold", () => {
    const { programs, faults } = programsOf(page("```sh", "npm i", "```", "````md", "```ts", "a b c", "```", "````"));
    expect(programs.size).toBe(0);
    expect(faults).toEqual([]);
  });

  it.each([
    { fence: "```ts no-check" },
    { fence: "```ts app.ts twoslash" },
    { fence: "```typescript" },
    { fence: "```js" },
    { fence: "```JavaScript" },
    { fence: "~~~tsx" },
  ])("cannot hide behind $fence", ({ fence }) => {
    expect(programsOf(page("", fence, "a b c", fence.slice(0, 3))).faults).toEqual([
      expect.stringContaining("2: the fence"),
    ]);
  });

  it("cannot hide behind a fence that is not closed", () => {
    expect(programsOf(page("", "```sh", "npm i", "```ts", "a b c")).faults).toEqual(["2: the fence is not closed"]);
  });
});

describe("machine paths", () => {
  const path = (...parts: readonly string[]): string => parts.join("/");

  it.each([
    { text: `cd ${path("", "home", "ann", "outhook")}` },
    { text: `at "${path("", "Users", "ann", "outhook.db")}"` },
    { text: `(${path("", "work", "main", "packages")})` },
    { text: path("", "root", ".config") },
    { text: ["C:", "Users", "ann"].join("\\") },
    { text: `resolved ${path("https:", "", "registry.example.org", "kysely")}` },
  ])("are found in $text", ({ text }) => {
    expect(machinePathsOf(`first line\n${text}`)).toEqual([expect.stringMatching(/^2: /)]);
  });

  it.each([
    { text: "GET /users/1 and /work" },
    { text: "https://example.com/home/page" },
    { text: "./work/main.ts and ../root/x" },
    { text: "mounted at /root" },
    { text: "packages/work/src" },
  ])("are not seen in $text", ({ text }) => {
    expect(machinePathsOf(text)).toEqual([]);
  });
});
