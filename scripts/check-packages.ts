/**
 * Checks the packages as their users get them: packs each one, installs the tarballs in an empty folder with npm, looks
 * at them with publint and attw, and imports every entry point with plain Node.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { report } from "./report.ts";
import { run } from "./run.ts";

type Manifest = {
  readonly name: string;
  readonly private?: boolean;
  readonly exports: Readonly<Record<string, unknown>>;
};

const root = join(import.meta.dirname, "..");

await report("packages", async () => {
  const folders = await publicPackages();
  // What was removed from the sources must not be packed.
  for (const folder of folders) await rm(join(folder, "dist"), { recursive: true, force: true });
  run("tsc", ["-b", ...folders], { cwd: root });

  const clean = await mkdtemp(join(tmpdir(), "outhook-packages-"));
  try {
    const tarballs = folders.map((folder) => pack(folder, clean));
    await writeFile(join(clean, "package.json"), `{ "private": true, "type": "module" }`);
    run("npm", ["install", "--no-audit", "--no-fund", ...tarballs], { cwd: clean });
    const names = await Promise.all(folders.map(async (folder) => (await readManifest(folder)).name));
    return [
      ...tarballs.flatMap(attwFaults),
      ...(await Promise.all(names.map((name) => publintFaults(name, clean)))).flat(),
      ...(await Promise.all(names.map((name) => importFaults(name, clean)))).flat(),
    ];
  } finally {
    await rm(clean, { recursive: true, force: true });
  }
});

async function readManifest(folder: string): Promise<Manifest> {
  const manifest: Manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  return manifest;
}

async function publicPackages(): Promise<readonly string[]> {
  const folders = (await readdir(join(root, "packages"))).map((name) => join(root, "packages", name));
  const manifests = await Promise.all(folders.map(readManifest));
  return folders.filter((_, index) => manifests[index]?.private !== true);
}

function pack(folder: string, destination: string): string {
  const output = run("pnpm", ["pack", "--json", "--pack-destination", destination], { cwd: folder });
  const { filename }: { readonly filename: string } = JSON.parse(output);
  return filename;
}

function attwFaults(tarball: string): readonly string[] {
  return faultsOf("attw", [tarball, "--profile", "esm-only", "--no-color", "--no-emoji"], root);
}

async function publintFaults(name: string, clean: string): Promise<readonly string[]> {
  const { messages, pkg } = await publint({ pkgDir: join(clean, "node_modules", name), pack: false, strict: true });
  return messages.map((message) => `publint on ${name}: ${formatMessage(message, pkg, { color: false })}`);
}

/** Each entry point must load, export something and let the process end. */
async function importFaults(name: string, clean: string): Promise<readonly string[]> {
  const { exports } = await readManifest(join(clean, "node_modules", name));
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
