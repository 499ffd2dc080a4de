/** One server under load: `node server-process.ts <framework> <bare | outhook> <database>`. Tells its port and its CPU time. */
import { createOuthook } from "../../packages/core/src/index.ts";
import { sqliteStore } from "../../packages/sqlite/src/index.ts";
import { expressContender } from "./express.ts";
import { fastifyContender } from "./fastify.ts";
import { honoContender } from "./hono.ts";
import { openRows } from "./rows.ts";

const contenders = { express: expressContender, fastify: fastifyContender, hono: honoContender };

const [framework = "", variant = "", path = ""] = process.argv.slice(2);
const contender = Object.entries(contenders).find(([name]) => name === framework)?.[1] ?? expressContender;

process.on("message", () => process.send?.({ cpu: process.cpuUsage() }));
process.on("disconnect", () => process.exit());
process.send?.({ port: variant === "bare" ? await contender.bare(openRows(path)) : await contender.outhook(ours()) });

function ours() {
  return createOuthook({ store: sqliteStore({ path }), secretKeys: "plaintext" });
}
