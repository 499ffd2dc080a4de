/**
 * An app in a process whose environment or whose `Object.prototype` leads elsewhere: `node guard-process.ts <Diversion>`.
 * Prints one line of JSON: what the attempts saw, and whether something unguarded was led astray.
 */
import { Agent, request } from "undici";
import { deliver, editRow, openApp, redeliver } from "./guarded.ts";

/** Where the URLs lead, and what is in `Object.prototype` when requests go out. */
export type Diversion = {
  /** Open to the app. */
  readonly allowedUrl: string;
  /** Closed to the app. */
  readonly closedUrl: string;
  readonly pollution: Readonly<Record<string, string>>;
};

const diversion: Diversion = JSON.parse(process.argv[2] ?? "{}");
const app = await openApp({ allow: ["127.0.0.2/32"], allowHttp: true, ports: "any" });
const acme = app.outhook.tenant("acme");
const { endpoint } = await acme.endpoints.create({ url: diversion.allowedUrl });
for (const [property, value] of Object.entries(diversion.pollution)) Reflect.set(Object.prototype, property, value);

const allowed = await deliver(app, endpoint.id);
await editRow(app, endpoint.id, diversion.closedUrl);
const closed = await deliver(app, endpoint.id);
const again = await redeliver(app, closed.deliveryId);
await app.outhook.close();

// The control: what takes no care is diverted, whatever becomes of it there.
const careless = (): Promise<unknown> =>
  Object.keys(diversion.pollution).length === 0
    ? fetch(diversion.closedUrl)
    : request(diversion.closedUrl, { dispatcher: new Agent() });
await careless().catch(() => {});
console.log(JSON.stringify([allowed.statusCode, closed.errorClass, again.errorClass]));
process.exit();
