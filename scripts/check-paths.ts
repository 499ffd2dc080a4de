/** Finds files that name a folder of the machine they were written on, or a package registry. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { machinePathsOf } from "./machine-paths.ts";
import { projectFiles } from "./project-files.ts";
import { report } from "./report.ts";

const root = join(import.meta.dirname, "..");

await report("paths", async () => {
  const paths = projectFiles(root);
  const texts = await Promise.all(paths.map((path) => readFile(join(root, path), "utf8")));
  return paths.flatMap((path, index) => machinePathsOf(texts[index] ?? "").map((found) => `${path}:${found}`));
});
