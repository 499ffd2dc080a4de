import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./run.ts";

/** What of a `package.json` these scripts read. */
export type Manifest = {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
};

/** Reads the `package.json` of a folder. */
export async function readManifest(folder: string): Promise<Manifest> {
  const manifest: Manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  return manifest;
}

/** Builds the public packages from nothing, packs them into a folder, and returns their tarballs by package name. */
export async function packPublicPackages(root: string, destination: string): Promise<ReadonlyMap<string, string>> {
  const folders = (await readdir(join(root, "packages"))).map((name) => join(root, "packages", name));
  const all = await Promise.all(folders.map(async (folder) => ({ folder, manifest: await readManifest(folder) })));
  const members = all.filter(({ manifest }) => manifest.private !== true);
  // What was removed from the sources must not be packed.
  for (const { folder } of members) await rm(join(folder, "dist"), { recursive: true, force: true });
  run("tsc", ["-b", ...members.map(({ folder }) => folder)], { cwd: root });
  return new Map(members.map(({ folder, manifest }) => [manifest.name, pack(folder, destination)]));
}

function pack(folder: string, destination: string): string {
  const output = run("pnpm", ["pack", "--json", "--pack-destination", destination], { cwd: folder });
  const { filename }: { readonly filename: string } = JSON.parse(output);
  return filename;
}
