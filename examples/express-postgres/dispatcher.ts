// A process that only delivers. Start as many as you like, on as many machines: they share the work by themselves.
import { Pool } from "pg";
import { openOuthook } from "./outhook.ts";

const { DATABASE_URL } = process.env;
if (DATABASE_URL === undefined)
  throw new Error("set DATABASE_URL to the database of the app: it prints it at its start");

const pool = new Pool({ connectionString: DATABASE_URL });
pool.on("error", (error) => console.warn(`an idle connection broke: ${error.message}`));
const outhook = openOuthook(pool);
outhook.on("delivery.succeeded", ({ type, endpointId }) => console.log(`${type} to ${endpointId}`));
await outhook.dispatcher.start();
console.log("delivering");

const stop = (): void => void outhook.close({ graceMs: 10_000 }).then(() => pool.end());
process.once("SIGTERM", stop).once("SIGINT", stop);
