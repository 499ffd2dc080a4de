import { isBuiltin } from "node:module";
import { posix } from "node:path";
import type { Member, SourceFile } from "./workspace.ts";

/** Layers from the lowest: file names without `.ts` and folders with a closing `/`, between spaces. */
export type LayerTable = readonly string[];

/** Which packages of the workspace each may import, by folder name. */
export type ArrowTable = Readonly<Record<string, readonly string[]>>;

/** Files without a layer, and imports of a higher layer. */
export function layerFaults(files: readonly SourceFile[], source: string, table: LayerTable): readonly string[] {
  const layerOf = (path: string): number => {
    const name = path.slice(source.length).replace(/\.ts$/, "");
    return table.findIndex((layer) =>
      layer.split(/\s+/).some((one) => (one.endsWith("/") ? name.startsWith(one) : name === one)),
    );
  };
  const inside = files.filter(({ path }) => path.startsWith(source));
  return inside.flatMap((file) => {
    const own = layerOf(file.path);
    if (own === -1) return [`${file.path} is in no layer: give it a layer in the table of test/layers.test.ts`];
    return targetsOf(file)
      .map(({ path, line }) => ({ path, line, layer: layerOf(path) }))
      .filter(({ layer }) => layer > own)
      .map(
        ({ path, line, layer }) =>
          `${file.path}:${line} (layer ${own}) imports ${path} (layer ${layer}): only its own or a lower layer is allowed`,
      );
  });
}

/** One cycle through each group of files that import each other, types included. */
export function cycleFaults(files: readonly SourceFile[]): readonly string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const faults: string[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) faults.push(`import cycle: ${[...trail.slice(start), path].join(" → ")}`);
    const file = byPath.get(path);
    if (file === undefined || done.has(path) || start !== -1) return;
    for (const target of new Set(targetsOf(file).map((one) => one.path))) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const { path } of files) walk(path, []);
  return faults;
}

/** Packages without arrows, imports along no arrow, and relative imports that leave a package. */
export function arrowFaults(members: readonly Member[], arrows: ArrowTable): readonly string[] {
  const packages = members.filter(({ folder }) => folder.startsWith("packages/"));
  const shortOf = (member: Member): string => member.folder.slice("packages/".length, -1);
  return packages.flatMap((member) => {
    const allowed = arrows[shortOf(member)];
    if (allowed === undefined) return [`${member.folder} has no arrows: list them in test/layers.test.ts`];
    const sources = member.files.filter(({ path }) => path.startsWith(`${member.folder}src/`));
    return sources.flatMap((file) => [
      ...targetsOf(file)
        .filter(({ path }) => !path.startsWith(`${member.folder}src/`))
        .map(({ path, line }) => `${file.path}:${line} imports ${path}, outside its package: import by package name`),
      ...file.imports.flatMap(({ specifier, line }) => {
        const other = packages.find(({ name }) => name === packageOf(specifier));
        if (other === undefined || allowed.includes(shortOf(other))) return [];
        return [
          `${file.path}:${line} imports ${specifier}: no arrow leads from ${shortOf(member)} to ${shortOf(other)}`,
        ];
      }),
    ]);
  });
}

/** The root's test runner is everybody's. */
const sharedTools = ["vitest"];

/** Imports of packages that the nearest manifest does not declare; sources of packages may not use devDependencies. */
export function declarationFaults(members: readonly Member[]): readonly string[] {
  return members.flatMap((member) =>
    member.files.flatMap((file) => {
      const shipped = /^packages\/[^/]+\/src\//.test(file.path);
      const declared = [...member.runtimeDependencies, ...(shipped ? [] : [...member.devDependencies, ...sharedTools])];
      const wanted = shipped ? "dependencies or peerDependencies" : "dependencies or devDependencies";
      return file.imports
        .filter(({ specifier }) => !specifier.startsWith(".") && !specifier.startsWith("node:"))
        .flatMap(({ specifier, line }) => {
          if (isBuiltin(specifier)) return [`${file.path}:${line} imports ${specifier}: write node:${specifier}`];
          if (packageOf(specifier) === member.name || declared.includes(packageOf(specifier))) return [];
          return [`${file.path}:${line} imports ${specifier}: add it to ${wanted} of ${member.folder}package.json`];
        });
    }),
  );
}

function targetsOf(file: SourceFile): readonly { readonly path: string; readonly line: number }[] {
  return file.imports
    .filter(({ specifier }) => specifier.startsWith("."))
    .map(({ specifier, line }) => ({ path: posix.join(posix.dirname(file.path), specifier), line }));
}

function packageOf(specifier: string): string {
  const [scope = "", name = ""] = specifier.split("/");
  return scope.startsWith("@") ? `${scope}/${name}` : scope;
}
