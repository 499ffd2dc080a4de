import { execFile } from "node:child_process";
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** How to run commands for an app: which programs come first in its PATH, and what stands in its environment. */
export type Surroundings = {
  readonly path: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
};

/** The package managers that users have, with what each of them installs the dependencies of a folder. */
export const installers = {
  npm: ["npm", "install", "--no-audit", "--no-fund"],
  // Without its hidden shared folder, in which a package finds what it has not declared.
  pnpm: ["pnpm", "install", "--config.hoist=false"],
} as const;

/**
 * Runs a command for at most five minutes and resolves with its output, that on stderr included. Rejects when it fails.
 * Unlike `run` it leaves the event loop free, for the registry and the database of the same process.
 */
export async function runIn(folder: string, command: readonly string[], surroundings: Surroundings): Promise<string> {
  const [program = "", ...args] = command;
  const path = [...surroundings.path, process.env["PATH"]].join(delimiter);
  // npm and pnpm hand their settings to what they start: an app is installed with its own.
  const inherited = Object.entries(process.env).filter(([name]) => !/^p?npm_/i.test(name));
  const env = { ...Object.fromEntries(inherited), ...surroundings.variables, PATH: path };
  return await new Promise((resolve, reject) => {
    execFile(program, args, { cwd: folder, env, timeout: 300_000, encoding: "utf8" }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout + stderr);
      else reject(new Error(`${error.message}\n${stdout}`));
    });
  });
}

/** Makes a folder with a `package.json` that declares these dependencies; `@outhook` packages come from `registry`. */
export async function makeFolder(
  folder: string,
  dependencies: Readonly<Record<string, string>>,
  registry: string,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, dependencies }));
  await writeFile(join(folder, ".npmrc"), `@outhook:registry=${registry}/\n`);
  await writeFile(join(folder, "pnpm-workspace.yaml"), "packages: []\n");
}

/** What all files below a folder hold. */
export async function megabytesOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0) / 1_000_000;
}
