/**
 * Serves the management API: `node idempotency-process.ts <database> [hang]`. Prints its URL, and with `hang` prints
 * `committed` when a create is durable, instead of ever answering it.
 */
import { createListener } from "@outhook/core/node";
import { startServer } from "@outhook/testkit";
import { openEncrypted } from "./idempotency-outhook.ts";

const [, , path = "", mode] = process.argv;
const hang = async (): Promise<never> => {
  console.log("committed");
  return await new Promise<never>(() => undefined);
};
const outhook = openEncrypted(path, { hang: mode === "hang" ? hang : null });
const authenticate = () => ({ tenant: "acme", can: "manage" }) as const;
const { url } = await startServer(createListener(outhook, { authenticate }));
console.log(url);
