import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openApp } from "./app.ts";
import type { Acknowledged } from "./power-cuts.ts";
import { expectSurvivesPowerCuts, keepLog } from "./power-cuts.ts";
import { startApp } from "./processes.ts";
import { canRun } from "./programs.ts";
import { newFile } from "./stored.ts";

const rounds = 40;
const atOnce = 3;
const bodyBytes = 6_000;
const calls = "trace=pwrite64,fsync,fdatasync,write";

/** The calls of the process's first thread, where SQLite and the standard output do theirs, into a file. */
const strace = (file: string): readonly string[] =>
  ["strace", "-D", "-q", "-y", "-s", "100", "-o", file].concat("-e", calls, "-e", "signal=none");

it.skipIf(!canRun("strace", "-D", "-qq", "-o", "/dev/null", "true"))(
  "what was acknowledged had been synced to the disk, and is recovered from that alone",
  { timeout: 120_000 },
  async () => {
    const database = await newFile();
    keepLog(database);
    const outhook = openApp({ database });
    await outhook.migrate();
    await outhook.close();
    const folder = await mkdtemp(join(tmpdir(), "outhook-trace-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const trace = join(folder, "trace");
    const app = await startApp({ database, dispatches: false }, strace(trace));
    for (let round = 0; round < rounds; round += 1) {
      await app.order({ do: "send", tenant: "acme", count: atOnce, bytes: bodyBytes });
    }
    app.signal("SIGTERM");
    expect(await app.ended).toMatchObject({ code: 0 });
    await expect.poll(() => readFile(trace, "utf8")).toContain("+++ exited with 0 +++");

    const acknowledged = acknowledgedIn(await readFile(trace, "utf8"), `${database}-wal`);
    expect(acknowledged.map(({ id }) => id)).toEqual(app.accepted());
    const cuts = await expectSurvivesPowerCuts(database, { acknowledged, bodyBytes });
    console.log(`${acknowledged.length} messages acknowledged, ${cuts} power cuts`);
  },
);

/** How much of the log had been synced when each message was reported, by the system calls of the process. */
function acknowledgedIn(trace: string, log: string): readonly Acknowledged[] {
  const acknowledged: Acknowledged[] = [];
  let written = 0;
  let durableBytes = 0;
  for (const line of trace.split("\n")) {
    const [, call, file] = /^(\w+)\(\d+<(.+?)>/.exec(line) ?? [];
    const [, length, offset] = /, (\d+), (\d+)\) += \d+$/.exec(line) ?? [];
    const [, id] = /"\{\\"accepted\\":\\"(\w+)/.exec(line) ?? [];
    if (call === "write" && id !== undefined) acknowledged.push({ id, durableBytes });
    if (file !== log) continue;
    if (call === "pwrite64") written = Math.max(written, Number(offset) + Number(length));
    else if (call === "fsync" || call === "fdatasync") durableBytes = written;
  }
  return acknowledged;
}
