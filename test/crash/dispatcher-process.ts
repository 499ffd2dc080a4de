/** A dispatcher in a process of its own, to be killed: `node dispatcher-process.ts <database>`. Prints `started`. */
import { openOuthook } from "./outhook.ts";

const [, , path = ""] = process.argv;
await openOuthook(path).dispatcher.start();
console.log("started");
