import type { ErrorCode } from "@outhook/core";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { problemKinds } from "../../packages/core/src/http/problems.ts";
import { provocations } from "./error-pages.ts";

const folder = join(import.meta.dirname, "../../docs/errors");
const codes = (Object.keys(problemKinds) as ErrorCode[]).map((code) => ({ code, ...problemKinds[code] }));

describe("the pages about errors", () => {
  it("are one for each code, and an index", async () => {
    const expected = [...codes.map(({ code }) => `${code}.md`), "README.md"];
    expect((await readdir(folder)).toSorted()).toEqual(expected.toSorted());
  });

  it("stand in the index, each with its status", async () => {
    const rows = (await readPage("README")).matchAll(/^\| \[`(\w+)`\]\((\w+)\.md\) +\| (\d+) +\| \S/gm);
    const listed = Array.from(rows, ([, code, page, status]) => ({ code, page, status: Number(status) }));
    const expected = codes.map(({ code, status }) => ({ code, page: code, status }));
    const byCode = (
      one: { readonly code?: string | undefined },
      other: { readonly code?: string | undefined },
    ): number => String(one.code).localeCompare(String(other.code));
    expect(listed.toSorted(byCode)).toEqual(expected.toSorted(byCode));
  });
});

describe.each(codes)("the page about $code", ({ code, status, title }) => {
  it("names its status and is short", async () => {
    const page = await readPage(code);
    expect(page).toMatch(new RegExp(`^# ${code}\n\nHTTP ${status} · ${title}\n`));
    expect(page.split("\n").length).toBeLessThanOrEqual(25);
  });

  it("shows what is really said, or that it is never said", async () => {
    const [, example = null] = /^```text\n(.*)\n```$/m.exec(await readPage(code)) ?? [];
    const provocation = provocations[code];
    if (provocation === undefined) {
      expect(example).toBeNull();
      expect(await readPage(code)).toContain("Not used yet");
    } else {
      expect(await provocation()).toEqual({ code, text: example });
    }
  });
});

async function readPage(name: string): Promise<string> {
  return await readFile(join(folder, `${name}.md`), "utf8");
}
