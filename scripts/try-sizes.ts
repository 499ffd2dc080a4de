import { join } from "node:path";
import type { Manifest } from "./public-packages.ts";
import type { Surroundings } from "./try-folder.ts";
import { installers, makeFolder, megabytesOf, runIn } from "./try-folder.ts";

/** What a package costs who installs it without its peers. */
export type Cost = {
  readonly name: string;
  /** Megabytes of the package as it is unpacked, and of it with its dependencies. */
  readonly alone: number;
  readonly all: number;
  /** Seconds of npm with nothing in its cache, of npm after that, and of pnpm with nothing in its store. */
  readonly npm: number;
  readonly npmAgain: number;
  readonly pnpm: number;
};

const withoutPeers = { npm: "--omit=peer", pnpm: "--config.auto-install-peers=false" } as const;

/** Installs one package alone, three times, in folders below `folder`. */
export async function costOf(
  { name, version }: Manifest,
  { folder, registry, path }: { readonly folder: string; readonly registry: string } & Surroundings,
): Promise<Cost> {
  const variables = {
    npm_config_cache: join(folder, "npm-cache"),
    pnpm_config_store_dir: join(folder, "pnpm-store"),
    pnpm_config_cache_dir: join(folder, "pnpm-cache"),
  };
  const install = async (manager: keyof typeof installers, place: string): Promise<number> => {
    await makeFolder(join(folder, place), { [name]: version }, registry);
    const start = performance.now();
    await runIn(join(folder, place), [...installers[manager], withoutPeers[manager]], { path, variables });
    return (performance.now() - start) / 1_000;
  };
  const npm = await install("npm", "first");
  const npmAgain = await install("npm", "again");
  const pnpm = await install("pnpm", "pnpm");
  const modules = join(folder, "first", "node_modules");
  const [alone, all] = [await megabytesOf(join(modules, name)), await megabytesOf(modules)];
  return { name, alone, all, npm, npmAgain, pnpm };
}
