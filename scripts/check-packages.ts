/**
 * Checks the packages as their users get them: packs each one, installs the tarballs in an empty folder with npm, looks
 * at them with publint and attw, imports every entry point with plain Node, and finds imports that are not declared.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { packPublicPackages, readManifest } from "./public-packages.ts";
import { report } from "./report.ts";
import { run } from "./run.ts";
import { undeclaredImports } from "./undeclared-imports.ts";

const root = join(import.meta.dirname, "..");

await report("packages", async () => {
  const clean = await mkdtemp(join(tmpdir(), "outhook-packages-"));
  try {
    const packed = await packPublicPackages(root, clean);
    await writeFile(join(clean, "package.json"), `{ "private": true, "type": "module" }`);
    run("npm", ["install", "--no-audit", "--no-fund", ...packed.values()], { cwd: clean });
    const folders = [...packed.keys()].map((name) => join(clean, "node_modules", name));
    return [
      ...[...packed.values()].flatMap(attwFaults),
      ...(await Promise.all(folders.map(publintFaults))).flat(),
      ...(await Promise.all(folders.map(undeclaredImports))).flat(),
      ...(await Promise.all(folders.map(async (folder) => await importFaults(folder, clean)))).flat(),
    ];
  } finally {
    await rm(clean, { recursive: true, force: true });
  }
});

function attwFaults(tarball: string): readonly string[] {
  return faultsOf("attw", [tarball, "--profile", "esm-only", "--no-color", "--no-emoji"], root);
}

async function publintFaults(folder: string): Promise<readonly string[]> {
  const { messages, pkg } = await publint({ pkgDir: folder, pack: false, strict: true });
  return messages.map((message) => `publint on ${pkg["name"]}: ${formatMessage(message, pkg, { color: false })}`);
}

/** Each entry point must load, export something and let the process end. */
async function importFaults(folder: string, clean: string): Promise<readonly string[]> {
  const { name, exports } = await readManifest(folder);
  return Object.keys(exports).flatMap((entry) => {
    const specifier = name + entry.slice(1);
    const program = `if (Object.keys(await import("${specifier}")).length === 0) throw new Error("it exports nothing");`;
    return faultsOf("node", ["--input-type=module", "--eval", program], clean);
  });
}

function faultsOf(command: string, args: readonly string[], cwd: string): readonly string[] {
  try {
    run(command, args, { cwd });
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
