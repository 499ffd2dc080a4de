/**
 * One dispatcher: `node dispatcher-process.ts <url of the database>`. Says `ready` when its loop runs; asked, says how many
 * deliveries it has settled and its processor time.
 */
import { openOuthook } from "./outhook.ts";

const [url = ""] = process.argv.slice(2);
const outhook = openOuthook(url);
let settled = 0;
outhook.on("delivery.succeeded", () => (settled += 1));
process.on("message", () => process.send?.({ settled, cpu: process.cpuUsage() }));
process.on("disconnect", () => void outhook.close());
await outhook.dispatcher.start();
process.send?.("ready");
