import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Import } from "./imports.ts";
import { importsOf } from "./imports.ts";

export type SourceFile = { readonly path: string; readonly imports: readonly Import[] };

/** A folder with a manifest and its TypeScript. Paths are relative to the workspace and use `/`. */
export type Member = {
  readonly folder: string;
  readonly name: string;
  /** What an installed copy brings: dependencies and peers. */
  readonly runtimeDependencies: readonly string[];
  readonly devDependencies: readonly string[];
  readonly files: readonly SourceFile[];
};

/** The text of a workspace's files by path. */
export type Tree = Readonly<Record<string, string>>;

type Manifest = {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
};

const skipped = new Set(["node_modules", "dist", "coverage", ".git"]);

/** Reads every manifest and every TypeScript file of the workspace. */
export async function readTree(root: string): Promise<Tree> {
  const entries = await readdir(root, { withFileTypes: true });
  const found: Record<string, string> = {};
  for (const entry of entries) {
    if (entry.isDirectory() && !skipped.has(entry.name) && !entry.name.startsWith(".planted-")) {
      for (const [path, text] of Object.entries(await readTree(join(root, entry.name)))) {
        found[`${entry.name}/${path}`] = text;
      }
    } else if (entry.name === "package.json" || entry.name.endsWith(".ts")) {
      found[entry.name] = await readFile(join(root, entry.name), "utf8");
    }
  }
  return found;
}

/** Sorts files under the nearest manifest above them. */
export function membersOf(tree: Tree): readonly Member[] {
  const folders = Object.keys(tree)
    .filter((path) => path === "package.json" || path.endsWith("/package.json"))
    .map((path) => path.slice(0, -"package.json".length));
  const folderOf = (path: string): string =>
    folders.filter((folder) => path.startsWith(folder)).reduce((a, b) => (a.length > b.length ? a : b), "");
  const files = Object.entries(tree)
    .filter(([path]) => path.endsWith(".ts"))
    .map(([path, text]) => ({ path, imports: importsOf(path, text) }));
  return folders.map((folder) => {
    const manifest: Manifest = JSON.parse(tree[`${folder}package.json`] ?? "");
    return {
      folder,
      name: manifest.name,
      runtimeDependencies: Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }),
      devDependencies: Object.keys(manifest.devDependencies ?? {}),
      files: files.filter((file) => folderOf(file.path) === folder),
    };
  });
}
