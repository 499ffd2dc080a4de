/** Runs in the store's own thread: holds the connection and does what the calls ask for. */
import { parentPort, workerData } from "node:worker_threads";
import type { Answer, Call } from "./call.ts";
import { carry } from "./carried-error.ts";
import type { InnerOptions } from "./inner-store.ts";
import { createInnerStore } from "./inner-store.ts";

if (parentPort === null) throw new Error("this file is started by sqliteStore, in a thread of its own");
const port = parentPort;
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- thread.ts, which starts this, gives nothing else
const store = createInnerStore(workerData as InnerOptions);
let answers: Answer[] = [];

port.on("message", (call: Call) => void perform(call));

async function perform({ id, group, method, input }: Call): Promise<void> {
  try {
    const methods: unknown = Reflect.get(store, group);
    const result: unknown = await Reflect.apply(Reflect.get(Object(methods), method), methods, [input]);
    answer({ id, result });
  } catch (error) {
    answer({ id, error: carry(error) });
  }
}

/** What one commit has made durable goes back in one message. */
function answer(one: Answer): void {
  answers.push(one);
  if (answers.length === 1) process.nextTick(send);
}

function send(): void {
  const all = answers;
  answers = [];
  port.postMessage(all);
}
