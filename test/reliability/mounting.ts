import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { canRun, run } from "./programs.ts";

/** True when this process may have file systems of its own. */
export function mayMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "outhook-mount-"));
  const mounts = canRun("mount", "-t", "tmpfs", "tmpfs", folder);
  if (mounts) run("umount", folder);
  rmdirSync(folder);
  return mounts;
}

/** Mounts a file system in memory until the test ends. */
export function mountMemory(folder: string, options: string): void {
  run("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder);
  onTestFinished(() => run("umount", "--lazy", folder));
}
