import { describe, expect, it } from "vitest";
import { deadLinks } from "../scripts/dead-links.ts";
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

describe("the links of a page", () => {
  const root = import.meta.dirname;
  const pages = (readme: string): ReadonlyMap<string, string> =>
    new Map([
      ["README.md", readme],
      ["checks.test.ts", "# The `check`, of links!\n"],
    ]);

  it.each([
    { link: "[a](checks.test.ts)" },
    { link: "[a](checks.test.ts#the-check-of-links)" },
    { link: "[a](checks.test.ts) and [b](layers.test.ts)" },
    { link: "[a](https://example.com/nowhere)" },
    { link: "`[a](nowhere.md)`" },
    { link: "```md\n[a](nowhere.md)\n```" },
  ])("may be $link", ({ link }) => {
    expect(deadLinks(root, pages(link))).toEqual([]);
  });

  it.each([
    { link: "[a](nowhere.md)", fault: "README.md:2: there is no nowhere.md" },
    { link: "[a]: nowhere.md", fault: "README.md:2: there is no nowhere.md" },
    { link: "[a](../nowhere.md#b)", fault: "README.md:2: there is no ../nowhere.md" },
    { link: "[a](checks.test.ts#nowhere)", fault: "README.md:2: there is no heading #nowhere in checks.test.ts" },
  ])("are dead as $link", ({ link, fault }) => {
    expect(deadLinks(root, pages(`\n${link}`))).toEqual([fault]);
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
