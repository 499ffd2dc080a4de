import { sqliteStore } from "@outhook/sqlite";
import { once } from "node:events";
import { createServer } from "node:http";
import { dinieContract } from "./dinie/contract.ts";
import { authenticateDinie, createDinie } from "./dinie/outhook.ts";
import type { Host } from "./host.ts";
import { inkLinkContract } from "./inklink/contract.ts";
import { authenticateInkLink, createInkLink } from "./inklink/outhook.ts";
import { instaVmContract } from "./instavm/contract.ts";
import { authenticateInstaVm, createInstaVm } from "./instavm/outhook.ts";
import { mount } from "./mount.ts";
import { network, openDatabases, port, rateLimit } from "./settings.ts";

const databases = await openDatabases();
const host = (name: string): Host<never> => ({
  store: sqliteStore({ path: databases.pathOf(name) }),
  // A real app takes a key from its environment instead.
  secretKeys: "plaintext",
  network,
  limits: { endpointsPerTenant: 10_000 },
});

const mounts = [
  mount("/dinie/v3", createDinie(host("dinie")), {
    contract: dinieContract,
    authenticate: authenticateDinie,
    rateLimit,
  }),
  mount("/inklink/api/v1", createInkLink(host("inklink")), {
    contract: inkLinkContract,
    authenticate: authenticateInkLink,
    rateLimit,
  }),
  mount("/instavm/v1", createInstaVm(host("instavm")), {
    contract: instaVmContract,
    authenticate: authenticateInstaVm,
    rateLimit,
  }),
];

const server = createServer((request, response) => {
  const { url = "/" } = request;
  const found = mounts.find(({ path }) => url.startsWith(`${path}/`));
  if (found === undefined) {
    response.writeHead(404).end();
    return;
  }
  found.answer(request, response, url.slice(found.path.length)).catch(() => response.destroy());
});

const stopped = new Promise<void>((resolve) => {
  process.once("SIGTERM", resolve);
  process.once("SIGINT", resolve);
});
await Promise.all(mounts.map(({ start }) => start()));
server.listen(port, "127.0.0.1");
await once(server, "listening");
const address = server.address();
const origin = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : port}`;
console.log(
  `Dinie    ${origin}/dinie/v3         authorization: Bearer dinie_at_demo | Bearer dinie_at_other (another partner)`,
);
console.log(
  `InkLink  ${origin}/inklink/api/v1   api-key: secret_live_demo (owner) | secret_live_member (may only look)`,
);
console.log(
  `InstaVM  ${origin}/instavm/v1       x-api-key: instavm_sk_demo | authorization: Bearer instavm_demo (user_id 7)`,
);
console.log(`listening on ${origin}`);

await stopped;
setTimeout(() => server.closeAllConnections(), 2_000).unref();
server.close();
await once(server, "close");
await Promise.all(mounts.map(({ stop }) => stop()));
await databases.cleanUp();
