/** Sends messages until its standard input ends: `node sender-process.ts <database>`. Prints the id of each accepted one. */
import { setTimeout as pause } from "node:timers/promises";
import { openOuthook } from "./outhook.ts";

const [, , path = ""] = process.argv;
const acme = openOuthook(path).tenant("acme");
let ended = false;
process.stdin.on("end", () => (ended = true)).resume();

for (let n = 0; !ended; n += 1) {
  const sent = await Promise.all([1, 2, 3].map((part) => acme.send("loan.active", { n, part })));
  for (const { id } of sent) console.log(id);
  await pause(20);
}
