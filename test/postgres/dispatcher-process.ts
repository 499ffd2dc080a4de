/**
 * A dispatcher in a process of its own: `node dispatcher-process.ts <url of the database> [<AppOptions as JSON>]`. Prints
 * `started`, and closes at the end of its standard input.
 */
import { openOuthook } from "./outhook.ts";

const [, , url = "", options = "{}"] = process.argv;
const outhook = openOuthook(url, JSON.parse(options));
process.stdin.on("end", () => void outhook.close({ graceMs: 5_000 })).resume();
await outhook.dispatcher.start();
console.log("started");
