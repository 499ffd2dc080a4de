import { readdir, readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { parseSync, Visitor } from "oxc-parser";
import type { Manifest } from "./public-packages.ts";
import { readManifest } from "./public-packages.ts";

type Source = { readonly type: string; readonly value?: unknown };

/** The packages that the built files of an installed package name, code and types, without being declared in its manifest. */
export async function undeclaredImports(folder: string): Promise<readonly string[]> {
  const manifest = await readManifest(folder);
  const paths = await readdir(join(folder, "dist"), { recursive: true });
  const files = paths.filter((path) => /\.[cm]?[jt]s$/.test(path)).toSorted();
  const faults = await Promise.all(
    files.map(async (path) => undeclaredIn(manifest, path, await readFile(join(folder, "dist", path), "utf8"))),
  );
  return faults.flat();
}

/** The faults of one built file. */
function undeclaredIn(manifest: Manifest, path: string, text: string): readonly string[] {
  const declared = new Set([
    manifest.name,
    ...Object.keys(manifest.dependencies ?? {}),
    ...Object.keys(manifest.peerDependencies ?? {}),
  ]);
  return specifiersOf(path, text)
    .filter((specifier) => !specifier.startsWith(".") && !isBuiltin(specifier))
    .filter((specifier) => !declared.has(packageOf(specifier)))
    .map((specifier) => `${manifest.name}: dist/${path} imports ${specifier}, which package.json does not declare`);
}

function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

/** What a file imports, requires or names in `import("…")` types and `types` references. */
function specifiersOf(path: string, text: string): readonly string[] {
  const { program, comments, errors } = parseSync(path, text);
  if (errors[0] !== undefined) throw new Error(`${path} does not parse: ${errors[0].message}`);
  const found: string[] = [];
  const add = (source: Source | null | undefined): void => {
    if (typeof source?.value === "string") found.push(source.value);
  };
  new Visitor({
    ImportDeclaration: ({ source }) => add(source),
    ExportNamedDeclaration: ({ source }) => add(source),
    ExportAllDeclaration: ({ source }) => add(source),
    ImportExpression: ({ source }) => add(source),
    TSImportType: ({ source }) => add(source),
    CallExpression: ({ callee, arguments: [first] }) => {
      if (requires(callee)) add(first);
    },
  }).visit(program);
  for (const { value } of comments) found.push(...(/^\/\s*<reference types="([^"]+)"/.exec(value)?.slice(1) ?? []));
  return found;
}

/** `require` and `createRequire(…)`, called. */
function requires(callee: { readonly type: string; readonly name?: unknown; readonly callee?: unknown }): boolean {
  if (callee.type === "Identifier") return callee.name === "require";
  const made = callee.callee;
  return typeof made === "object" && made !== null && "name" in made && made.name === "createRequire";
}
