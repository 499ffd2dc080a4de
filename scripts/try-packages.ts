/**
 * Tries the packages as their users will: packs each one, serves them from a registry on this machine, installs them in clean
 * folders with npm and pnpm, builds try-app.ts there as ESM, as CommonJS and in bundles, and runs it on each Node that is
 * supported. Prints what came of it, and what each package costs, as Markdown. Takes five to ten minutes.
 */
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findDatabase } from "../examples/express-postgres/database.ts";
import { startLoopbackRegistry } from "./loopback-registry.ts";
import type { Manifest } from "./public-packages.ts";
import { packPublicPackages, readManifest } from "./public-packages.ts";
import { bundlings, tryBundling } from "./try-bundlers.ts";
import type { Surroundings } from "./try-folder.ts";
import { installers, makeFolder, runIn } from "./try-folder.ts";
import { costOf } from "./try-sizes.ts";

type Row = readonly string[];

const root = join(import.meta.dirname, "..");
const nodeVersions = ["22.19.0", "24.21.0", "26.10.0"];
/** On which Node packages are bundled and weighed. */
const mainNode = "24.21.0";
const tools = { pnpm: "12.21.0", esbuild: "0.28.2", rolldown: "1.3.2" };
const coreLimits = { seconds: 5, megabytes: 5 };

const faults: string[] = [];
const clean = await mkdtemp(join(tmpdir(), "outhook-try-"));
const database = await findDatabase(process.env["OUTHOOK_TEST_POSTGRES_URL"]);
try {
  const packed = await packPublicPackages(root, clean);
  const served = await Promise.all(
    [...packed].map(async ([name, tarball]) => ({ manifest: await packedManifest(name, tarball), tarball })),
  );
  const manifests = served.map(({ manifest }) => manifest);
  const registry = await startLoopbackRegistry(served);
  try {
    await installTools();
    console.log(table(await tryEachNode(manifests, registry.url)));
    console.log(table(await tryEachBundling()));
    console.log(table(await weighEach(manifests, registry.url)));
  } finally {
    await registry.close();
  }
} finally {
  await database.stop();
  await rm(clean, { recursive: true, force: true });
}
for (const fault of faults) console.error(fault);
console.log(`try packages: ${faults.length} faults`);
if (faults.length > 0) process.exitCode = 1;

async function packedManifest(name: string, tarball: string): Promise<Manifest> {
  const folder = join(clean, "unpacked", name);
  await mkdir(folder, { recursive: true });
  await runIn(folder, ["tar", "--extract", "--strip-components=1", "--file", tarball], { path: [] });
  return await readManifest(folder);
}

/** Installs each Node and the tools, each in a folder of its own. */
async function installTools(): Promise<void> {
  const nodes = nodeVersions.map((version): [string, Readonly<Record<string, string>>] => [version, { node: version }]);
  for (const [name, dependencies] of [...nodes, ["tools", tools] as const]) {
    const folder = join(clean, "tools", name);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, dependencies }));
    await runIn(folder, installers.npm, { path: [] });
  }
}

function surroundingsOf(node: string): Surroundings {
  return { path: [node, "tools"].map((name) => join(clean, "tools", name, "node_modules", ".bin")) };
}

/** Package manager × Node × way. */
async function tryEachNode(manifests: readonly Manifest[], registry: string): Promise<readonly Row[]> {
  const own = manifests.map(({ name, version }) => [name, `^${version}`]);
  const peers = manifests.flatMap(({ peerDependencies }) => Object.entries(peerDependencies ?? {}));
  const others = ["zod", "@types/node", "@types/pg"].map((name) => [name, "*"]);
  const dependencies = Object.fromEntries([...own, ...peers, ...others]);
  const rows: Row[] = [["", "Node", "installs", "types", "`import`", "`require`"]];
  for (const manager of ["npm", "pnpm"] as const) {
    for (const version of nodeVersions) {
      const place = `${manager}, Node ${version}`;
      const surroundings = surroundingsOf(version);
      const folder = appFolder(manager, version);
      await makeFolder(folder, dependencies, registry);
      rows.push([
        manager,
        version,
        await attempt(`${place}, install`, () => runIn(folder, installers[manager], surroundings)),
        await attempt(`${place}, types`, () => buildApp(folder, surroundings)),
        await attempt(`${place}, import`, () => runApp(join(folder, "esm"), surroundings)),
        await attempt(`${place}, require`, () => runApp(join(folder, "cjs"), surroundings)),
      ]);
    }
  }
  return rows;
}

function appFolder(manager: string, version: string): string {
  return join(clean, "apps", `${manager}-${version}`);
}

/** Compiles the app as ESM and as CommonJS, below the same `node_modules`, with the types of all packages checked. */
async function buildApp(folder: string, surroundings: Surroundings): Promise<void> {
  const strict = { strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false };
  const compilerOptions = { ...strict, target: "es2023", module: "nodenext", types: ["node"] };
  const tsc = join(root, "node_modules", ".bin", "tsc");
  for (const [way, type] of Object.entries({ esm: "module", cjs: "commonjs" })) {
    const app = join(folder, way);
    await mkdir(app);
    await cp(join(root, "scripts", "try-app.ts"), join(app, "app.ts"));
    await writeFile(join(app, "package.json"), JSON.stringify({ type }));
    await writeFile(join(app, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["app.ts"] }));
    await runIn(app, [tsc, "-p", ".", "--pretty", "false"], surroundings);
  }
}

/** It must print nothing else, so no warning either. */
async function runApp(folder: string, surroundings: Surroundings): Promise<void> {
  const output = await runIn(folder, ["node", "app.js", database.url, folder], surroundings);
  if (output.trim() !== "every package works") throw new Error(`the app also printed:\n${output}`);
}

async function tryEachBundling(): Promise<readonly Row[]> {
  const folder = appFolder("npm", mainNode);
  const app = { folder, source: join(folder, "esm", "app.ts"), databaseUrl: database.url };
  const rows: Row[] = [["bundler", "format", "left out of the bundle", ""]];
  for (const bundling of bundlings) {
    const { bundler, format, external } = bundling;
    const place = `${bundler}, ${format}, without ${external.join(", ")}`;
    let result = "";
    const kept = await attempt(place, async () => {
      result = await tryBundling(bundling, app, surroundingsOf(mainNode));
    });
    rows.push([bundler, format, external.map((name) => `\`${name}\``).join(", "), kept === "ok" ? result : kept]);
  }
  return rows;
}

/** What each package costs; that of `@outhook/core` has limits. */
async function weighEach(manifests: readonly Manifest[], registry: string): Promise<readonly Row[]> {
  const rows: Row[] = [["package", "itself", "with dependencies", "npm", "npm again", "pnpm"]];
  for (const manifest of manifests) {
    const folder = join(clean, "alone", manifest.name);
    const { name, alone, all, ...seconds } = await costOf(manifest, { folder, registry, ...surroundingsOf(mainNode) });
    rows.push([
      `\`${name}\``,
      ...[alone, all].map((one) => `${one.toFixed(2)} MB`),
      ...Object.values(seconds).map((one) => `${one.toFixed(1)} s`),
    ]);
    const slowest = Math.max(...Object.values(seconds));
    if (name === "@outhook/core" && (slowest > coreLimits.seconds || all > coreLimits.megabytes)) {
      faults.push(`${name} takes ${slowest.toFixed(1)} s and ${all.toFixed(2)} MB: more than it may`);
    }
  }
  return rows;
}

/** `ok`, or `no` and a fault for the end of the report. */
async function attempt(place: string, way: () => Promise<unknown>): Promise<"ok" | "no"> {
  try {
    await way();
    return "ok";
  } catch (error) {
    faults.push(`${place}: ${error instanceof Error ? error.message : String(error)}`);
    return "no";
  }
}

function table([head = [], ...rows]: readonly Row[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}
