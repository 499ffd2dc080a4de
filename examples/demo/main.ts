import { constants } from "node:os";
import type { Account } from "./account.ts";
import { countsOf } from "./account.ts";
import { eventTypes } from "./payloads.ts";
import { runDemo } from "./run.ts";
import { storyOf } from "./story.ts";
import { faultsOf } from "./verdict.ts";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

async function main(json: boolean): Promise<number> {
  const interruption = new AbortController();
  let exitCode = 1;
  for (const name of signals) {
    process.on(name, () => {
      exitCode = 128 + constants.signals[name];
      interruption.abort(new Error(`interrupted by ${name}`));
    });
  }
  try {
    const account = await runDemo(interruption.signal);
    const faults = faultsOf(account, eventTypes);
    console.log(json ? lineOf(account) : storyOf(account).join("\n"));
    for (const fault of faults) console.error(`fault: ${fault}`);
    return faults.length === 0 ? 0 : 1;
  } catch (error) {
    console.error(`The demo failed, and left nothing behind: ${String(error)}`);
    return exitCode;
  }
}

function lineOf({ messages, endpoints }: Account): string {
  return JSON.stringify({ sent: messages.length, ...countsOf(endpoints), ms: Math.round(performance.now()) });
}

const args = process.argv.slice(2);
const unknown = args.find((argument) => argument !== "--json");
if (unknown === undefined) {
  process.exitCode = await main(args.includes("--json"));
} else {
  console.error(`Unknown argument ${JSON.stringify(unknown)}. The demo takes none, or --json for one line of numbers.`);
  process.exitCode = 2;
}
