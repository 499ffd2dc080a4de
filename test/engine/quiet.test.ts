import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";

/** Runs a module in a Node of its own, in this folder so that the packages resolve, and gives what it printed. */
function run(source: string): string {
  return execFileSync(process.execPath, ["--input-type=module", "--eval", source], {
    cwd: import.meta.dirname,
    encoding: "utf8",
    timeout: 10_000,
  }).trim();
}

describe("the packages as a guest in the host's process", () => {
  it.each(["@outhook/core", "@outhook/sqlite"])("open no handle and start no timer when %s is imported", (name) => {
    const printed = run(`
      // Node opens its own pipes when they are first used.
      process.stdout.write("");
      process.stderr.write("");
      const before = process.getActiveResourcesInfo().toSorted().join();
      await import("${name}");
      await new Promise((resolve) => setImmediate(resolve));
      console.log(process.getActiveResourcesInfo().toSorted().join() === before ? "same" : process.getActiveResourcesInfo());
    `);
    expect(printed).toBe("same");
  });

  it("leave the host's global dispatcher and fetch as they were, also after a delivery", () => {
    const printed = run(`
      const key = Symbol.for("undici.globalDispatcher.1");
      await fetch("data:,warm");
      const before = [globalThis[key], globalThis.fetch];
      const { createOuthook, memoryStore } = await import("@outhook/core");
      const outhook = createOuthook({ store: memoryStore(), secretKeys: "plaintext", network: { allow: ["127.0.0.1/32"], allowHttp: true } });
      await outhook.migrate();
      await outhook.tenant("acme").endpoints.create({ url: "http://127.0.0.1:9/" });
      await outhook.tenant("acme").send("loan.active", {});
      const { retrying } = await outhook.dispatcher.runOnce();
      console.log(retrying, before[0] === globalThis[key], before[1] === globalThis.fetch);
    `);
    expect(printed).toBe("1 true true");
  });

  it("let a script that creates an instance, sends and stops end by itself", () => {
    const printed = run(`
      const { createOuthook, memoryStore } = await import("@outhook/core");
      const outhook = createOuthook({ store: memoryStore(), secretKeys: "plaintext" });
      await outhook.migrate();
      await outhook.dispatcher.start();
      await outhook.tenant("acme").send("loan.active", {});
      await outhook.dispatcher.stop();
      console.log("stopped");
    `);
    expect(printed).toBe("stopped");
  });
});
