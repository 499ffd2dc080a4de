/** A dispatcher that prints `started`, and at the end of its standard input its peak memory in MiB. */
import { openOuthook } from "./outhook.ts";

const [, , path = ""] = process.argv;
const outhook = openOuthook(path, { concurrency: 256 });
await outhook.dispatcher.start();
console.log("started");
process.stdin
  .on("end", () => {
    console.log(Math.round(process.resourceUsage().maxRSS / 1_024));
    void outhook.close({ graceMs: 1_000 });
  })
  .resume();
