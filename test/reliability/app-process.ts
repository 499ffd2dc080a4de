/**
 * An app in a process of its own: `node app-process.ts <ProcessOptions as JSON>`. Prints {@link Report}s as lines of JSON, obeys
 * {@link Order}s on its standard input, and at SIGTERM stops sending and closes; then it ends by itself.
 */
import { isOuthookError } from "@outhook/core";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { openApp } from "./app.ts";
import { makeRoom } from "./page-limit.ts";
import type { Order, ProcessOptions, Report } from "./processes.ts";

const options: ProcessOptions = JSON.parse(process.argv[2] ?? "{}");
const { dispatches = true, sends, graceMs = 2_000 } = options;
const tell = (report: Report): void => void process.stdout.write(`${JSON.stringify(report)}\n`);

// Before anything can keep the real one.
const realNow = Date.now.bind(Date);
let wallClock = realNow;
Date.now = () => wallClock();

const outhook = openApp(options);
let ending = false;

const send = async (tenant: string, text: string): Promise<void> => {
  try {
    const { id } = await outhook.tenant(tenant).send("loan.active", { text });
    tell({ accepted: id });
  } catch (error) {
    tell({ refused: isOuthookError(error) ? error.code : String(error) });
  }
};

const sendOn = async (plan: NonNullable<ProcessOptions["sends"]>): Promise<void> => {
  const text = "x".repeat(plan.bytes ?? 10);
  while (!ending) {
    await Promise.all(plan.tenants.map((tenant) => send(tenant, text)));
    await pause(plan.everyMs);
  }
};

const obey = async (order: Order): Promise<void> => {
  switch (order.do) {
    case "send":
      await Promise.all(Array.from({ length: order.count }, () => send(order.tenant, "x".repeat(order.bytes))));
      break;
    case "shift":
      wallClock = () => realNow() + order.ms;
      break;
    case "freeze": {
      const at = realNow();
      wallClock = () => at;
      break;
    }
    case "make room":
      makeRoom();
      break;
    case "report":
      break;
    case "stall": {
      tell({ stalls: true });
      const cell = new Int32Array(new SharedArrayBuffer(4));
      while (!existsSync(order.until)) Atomics.wait(cell, 0, 0, 5);
      break;
    }
  }
  tell({ done: order.do, cpuMs: Math.round(process.cpuUsage().user / 1_000), rssMiB: peakMiB() });
};

function peakMiB(): number {
  return Math.round(process.resourceUsage().maxRSS / 1_024);
}

process.once("SIGTERM", () => {
  ending = true;
  process.stdin.destroy();
  void outhook.close({ graceMs });
});
createInterface({ input: process.stdin }).on("line", (line) => void obey(JSON.parse(line)));
if (dispatches) await outhook.dispatcher.start();
tell({ ready: true });
if (sends !== undefined) await sendOn(sends);
