import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { it, onTestFinished } from "vitest";
import { expectGoesOn, roomBytes } from "./filling.ts";
import { newFile } from "./stored.ts";

it.skipIf(!mayMount())(
  "a file system that is full for a while costs nothing but refused sends",
  { timeout: 60_000 },
  async () => {
    const database = await newFile();
    const folder = dirname(database);
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${roomBytes}`, "tmpfs", folder]);
    onTestFinished(() => void execFileSync("umount", ["--lazy", folder]));
    await expectGoesOn({
      database,
      prefix: [],
      makeRoom: () => void execFileSync("mount", ["-o", "remount,size=64m", folder]),
    });
  },
);

/** Who may not, needs no file system of his own for the other form of this test. */
function mayMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "outhook-mount-"));
  const { status } = spawnSync("mount", ["-t", "tmpfs", "tmpfs", folder]);
  if (status === 0) spawnSync("umount", [folder]);
  rmdirSync(folder);
  return status === 0;
}
