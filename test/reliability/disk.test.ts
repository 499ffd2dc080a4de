import { execFileSync, spawnSync } from "node:child_process";
import { it } from "vitest";
import { expectGoesOn, roomBytes } from "./filling.ts";
import { newFile } from "./stored.ts";

// The limit on the size of one process's files is a disk that a test can fill without any rights.
it.skipIf(spawnSync("prlimit", ["--version"]).status !== 0)(
  "a disk that is full for a while refuses sends, burns and loses nothing, and is gone on with when there is room",
  { timeout: 60_000 },
  async () => {
    const limit = (soft: string): string => `--fsize=${soft}:unlimited`;
    await expectGoesOn({
      database: await newFile(),
      prefix: ["prlimit", limit(String(roomBytes))],
      makeRoom: (pid) => void execFileSync("prlimit", ["--pid", String(pid), limit("unlimited")]),
    });
  },
);
