/** Runs in the store's own thread: holds the connection and does what the calls ask for. */
import { parentPort } from "node:worker_threads";
import type { Answer, Call, Open } from "./call.ts";
import { changed } from "./call.ts";
import { carry } from "./carried-error.ts";
import type { InnerStore } from "./inner-store.ts";
import { createInnerStore } from "./inner-store.ts";

if (parentPort === null) throw new Error("this file is started by sqliteStore, in a thread of its own");
const port = parentPort;
let store: InnerStore | null = null;
let answers: Answer[] = [];

port.on("message", (message: Open | Call) => {
  if ("open" in message) store = createInnerStore(message.open, () => port.postMessage(changed));
  else void perform(message);
});

async function perform({ id, group, method, input }: Call): Promise<void> {
  try {
    const methods: unknown = Reflect.get(Object(store), group);
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
