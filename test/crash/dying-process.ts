/** Migrates: `node dying-process.ts <database>`. See statement-limit.ts for what it dies of. */
import { openOuthook } from "./outhook.ts";

const [, , path = ""] = process.argv;
const outhook = openOuthook(path);
await outhook.migrate();
await outhook.close();
