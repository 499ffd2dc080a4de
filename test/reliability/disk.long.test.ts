import { dirname } from "node:path";
import { describe, it } from "vitest";
import { expectGoesOn, roomBytes } from "./filling.ts";
import { mayMount, mountMemory } from "./mounting.ts";
import { startApp } from "./processes.ts";
import { canRun, run } from "./programs.ts";
import { newFile } from "./stored.ts";

const bodyBytes = 20_000;

describe("a disk that is full for a while costs nothing but refused sends", { timeout: 60_000 }, () => {
  it.skipIf(!mayMount())("as its file system is", async () => {
    const database = await newFile();
    const folder = dirname(database);
    mountMemory(folder, `size=${roomBytes}`);
    await expectGoesOn({
      database,
      bodyBytes,
      start: startApp,
      makeRoom: async () => run("mount", "-o", "remount,size=64m", folder),
    });
  });

  it.skipIf(!canRun("prlimit", "--version"))("as the process may write no larger files", async () => {
    const limit = (soft: string): string => `--fsize=${soft}:unlimited`;
    await expectGoesOn({
      database: await newFile(),
      bodyBytes,
      start: (options) => startApp(options, ["prlimit", limit(String(roomBytes))]),
      makeRoom: async (app) => run("prlimit", "--pid", String(app.pid), limit("unlimited")),
    });
  });
});
