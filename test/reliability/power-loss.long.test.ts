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

/** The calls of all threads of the process, as SQLite has one of its own, into a file. */
const strace = (file: string): readonly string[] =>
  ["strace", "-f", "-D", "-q", "-y", "-s", "100", "-o", file].concat("-e", calls, "-e", "signal=none");

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
    await expect.poll(() => readFile(trace, "utf8")).toMatch(new RegExp(`^${app.pid} +\\+\\+\\+ exited`, "m"));

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
  const begun = new Map<string, string>();
  for (const line of trace.split("\n")) {
    const [, thread = "", text = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const id = reportedIn(text);
    if (id !== null) acknowledged.push({ id, durableBytes });
    const whole = wholeCall(begun, thread, text);
    const [, call, file] = /^(\w+)\(\d+<(.+?)>/.exec(whole) ?? [];
    const [, length, offset] = /, (\d+), (\d+)\) += \d+$/.exec(whole) ?? [];
    if (file !== log) continue;
    if (call === "pwrite64") written = Math.max(written, Number(offset) + Number(length));
    else if (call === "fsync" || call === "fdatasync") durableBytes = written;
  }
  return acknowledged;
}

/** A call with what came of it, of which what other threads did meanwhile may have made two lines; `""` for the first half. */
function wholeCall(begun: Map<string, string>, thread: string, text: string): string {
  const [, half] = /^(.*) <unfinished \.\.\.>$/.exec(text) ?? [];
  if (half === undefined) return text.replace(/^<\.\.\. \w+ resumed>/, begun.get(thread) ?? "");
  begun.set(thread, half);
  return "";
}

/** The message that the process began to report as accepted. */
function reportedIn(text: string): string | null {
  const [, id = null] = /^write\(.*"\{\\"accepted\\":\\"(\w+)/.exec(text) ?? [];
  return id;
}
