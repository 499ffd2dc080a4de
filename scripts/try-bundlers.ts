import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Surroundings } from "./try-folder.ts";
import { runIn } from "./try-folder.ts";

/** One way to bundle the app: what is left out of the bundle is taken from `node_modules` when it runs. */
export type Bundling = {
  readonly bundler: "esbuild" | "rolldown";
  readonly format: "esm" | "cjs";
  readonly external: readonly string[];
};

const externals = [
  ["better-sqlite3"],
  ["better-sqlite3", "@outhook/sqlite"],
  ["better-sqlite3", "@outhook/core", "@outhook/sql", "@outhook/sqlite"],
];

/** Every way that is tried. */
export const bundlings: readonly Bundling[] = (["esbuild", "rolldown"] as const).flatMap((bundler) =>
  (["esm", "cjs"] as const).flatMap((format) => externals.map((external) => ({ bundler, format, external }))),
);

// What CommonJS packages such as pg and express need in a bundle that is ESM; rolldown writes it by itself.
const requireInEsm =
  'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);';

/**
 * Bundles the app that lies in `app.folder`, lets it run in a folder of its own that has nothing but the externals, and says
 * what came of it. `@outhook/sqlite` needs a file of its own beside it: in the bundle it must refuse to start and say so.
 */
export async function tryBundling(
  { bundler, format, external }: Bundling,
  app: { readonly folder: string; readonly source: string; readonly databaseUrl: string },
  surroundings: Surroundings,
): Promise<"ok" | "refused, with the reason"> {
  const folder = join(dirname(app.folder), [bundler, format, external.length].join("-"));
  for (const name of external) {
    const link = join(folder, "node_modules", name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(app.folder, "node_modules", name), link);
  }
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: format === "esm" ? "module" : "commonjs" }));
  const equals = bundler === "esbuild" ? ":" : "=";
  const command = [bundler, app.source, `--format=${format}`, "--platform=node"];
  command.push(...external.map((name) => `--external${equals}${name}`));
  command.push(...(bundler === "esbuild" ? ["--bundle", `--outdir=${folder}`] : [`--dir=${folder}`]));
  if (bundler === "esbuild" && format === "esm") command.push(`--banner:js=${requireInEsm}`);
  await runIn(app.folder, command, surroundings);
  const ran = runIn(folder, ["node", "app.js", app.databaseUrl, folder], surroundings);
  if (external.includes("@outhook/sqlite")) return await ran.then(() => "ok");
  const refusal = await ran.then(() => "it ran", String);
  if (!refusal.includes("Keep @outhook/sqlite out of the bundle")) throw new Error(`it was not refused: ${refusal}`);
  return "refused, with the reason";
}
