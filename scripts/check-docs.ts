/** Compiles every fenced TypeScript block of the Markdown pages against the workspace, and follows their links within it. */
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { deadLinks } from "./dead-links.ts";
import { programsOf } from "./markdown-programs.ts";
import { projectFiles } from "./project-files.ts";
import { readManifest } from "./public-packages.ts";
import { report } from "./report.ts";
import { run } from "./run.ts";

const root = join(import.meta.dirname, "..");

await report("docs", async () => {
  const folder = await mkdtemp(join(tmpdir(), "outhook-docs-"));
  try {
    // The blocks see the packages and what the root declares, as a host application would.
    await symlink(join(root, "node_modules"), join(folder, "node_modules"));
    const compilerOptions = { rootDir: null, noUnusedLocals: false };
    const config = { extends: join(root, "tsconfig.json"), compilerOptions, include: ["**/*.ts"] };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
    await writeFile(join(folder, "package.json"), `{ "type": "module" }`);
    const faults: string[] = [];
    const pages = new Map<string, string>();
    for (const path of projectFiles(root).filter((file) => file.endsWith(".md"))) {
      const markdown = await readFile(join(root, path), "utf8");
      pages.set(path, markdown);
      const page = programsOf(markdown);
      faults.push(...page.faults.map((fault) => `${path}:${fault}`));
      await mkdir(join(folder, path), { recursive: true });
      for (const [name, text] of page.programs) await writeFile(join(folder, path, name), text);
      if (/^packages\/[^/]+\/README\.md$/.test(path)) await linkItself(dirname(path), folder);
    }
    return [...faults, ...deadLinks(root, pages), ...compilerFaults(folder)];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** The README of a package speaks of it, whether or not the root declares it. */
async function linkItself(member: string, folder: string): Promise<void> {
  const { name } = await readManifest(join(root, member));
  const link = join(folder, member, "node_modules", name);
  await mkdir(dirname(link), { recursive: true });
  await symlink(join(root, member), link);
}

/** Errors as `page:line:column: message`, for a program lies in a folder named like its page, each line at its place. */
function compilerFaults(folder: string): readonly string[] {
  try {
    run("tsc", ["-p", folder, "--pretty", "false"], { cwd: folder });
    return [];
  } catch (error) {
    const output = error instanceof Error ? error.message : String(error);
    const faults = output.match(/^\S.*: error .*(?:\n .*)*/gm);
    return faults?.map((fault) => fault.replace(/^(.+\.md)\/[^/]+\.ts\((\d+),(\d+)\)/, "$1:$2:$3")) ?? [output];
  }
}
