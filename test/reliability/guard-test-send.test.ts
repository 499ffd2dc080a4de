import type { NetworkOptions } from "@outhook/core";
import { createHandler } from "@outhook/core/http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { App, Victim } from "./guarded.ts";
import { countSockets, editRow, openApp, resolverTo, startVictim } from "./guarded.ts";

/** Scheme and port are open, so that the address alone decides. */
const byAddress: NetworkOptions = { allowHttp: true, ports: "any" };
const apps: App[] = [];
let victim: Victim;
let sockets: ReturnType<typeof countSockets>;

const open = async (network: NetworkOptions): Promise<App> => {
  const app = await openApp(network);
  apps.push(app);
  return app;
};
const endpointOf = async ({ outhook }: App, url: string): Promise<string> =>
  (await outhook.tenant("acme").endpoints.create({ url })).endpoint.id;

/** Sends a test over HTTP, and gives the text of the answer with it. */
async function test({ outhook }: App, id: string): Promise<{ readonly text: string; readonly attempt: object }> {
  const handler = createHandler(outhook, { authenticate: () => ({ tenant: "acme", can: "manage" }) });
  const answer = await handler(new Request(`http://localhost/endpoints/${id}/test`, { method: "POST" }));
  const text = await answer.text();
  return { text, attempt: JSON.parse(text).attempt };
}

beforeEach(async () => {
  victim = await startVictim();
  sockets = countSockets();
});

afterEach(async () => {
  sockets.end();
  await Promise.all(apps.splice(0).map(({ outhook }) => outhook.close()));
  await victim.close();
});

describe("a test message", () => {
  it.each(["127.0.0.1", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "localhost", "2130706433", "0x7f.1"])(
    "connects nowhere if the endpoint's URL leads to %s",
    async (host) => {
      const app = await open(byAddress);
      const id = await endpointOf(app, "https://hooks.acme.dev/");
      await editRow(app, id, `http://${host}:${victim.port}/hook`);
      const { text, attempt } = await test(app, id);
      expect(attempt).toMatchObject({ status_code: null, error_class: "blocked_address", response_body: null });
      expect([victim.connections(), sockets.count()]).toEqual([0, 0]);
      expect(text).not.toMatch(/loopback|allow|network/);
      expect(app.log).toHaveLength(1);
      expect((await app.outhook.tenant("acme").endpoints.get(id)).lastVerifiedAt).toBeNull();
    },
  );

  it("connects nowhere if the host's name leads to a closed address, which the tenant is not told", async () => {
    const app = await open({ ...byAddress, resolver: resolverTo(["127.0.0.1"]) });
    const { text, attempt } = await test(app, await endpointOf(app, `http://hooks.acme.dev:${victim.port}/`));
    expect(attempt).toMatchObject({
      error_class: "blocked_address",
      error: "the host hooks.acme.dev leads to an address that is not public",
    });
    expect([victim.connections(), text.includes("127.0.0.1")]).toEqual([0, false]);
    expect(app.log).toEqual([expect.stringContaining("127.0.0.1 is loopback 127.0.0.0/8")]);
  });

  it("connects once, as its control, if an operator has opened the address", async () => {
    const app = await open({ ...byAddress, allow: ["127.0.0.1/32"], resolver: resolverTo(["127.0.0.1"]) });
    const id = await endpointOf(app, `http://hooks.acme.dev:${victim.port}/`);
    expect(await test(app, id)).toMatchObject({
      attempt: { status_code: 200, error_class: null, response_body: "ok" },
    });
    expect(victim.connections()).toBe(1);
    expect((await app.outhook.tenant("acme").endpoints.get(id)).lastVerifiedAt).not.toBeNull();
  });

  it("is not taken further by a redirect", async () => {
    const redirecting = await startVictim((_request, response) => {
      response.writeHead(307, { location: `http://127.0.0.1:${victim.port}/` }).end();
    });
    const app = await open({ ...byAddress, allow: ["127.0.0.0/8"] });
    const { attempt } = await test(app, await endpointOf(app, `http://127.0.0.2:${redirecting.port}/`));
    expect(attempt).toMatchObject({ status_code: 307 });
    expect([redirecting.connections(), victim.connections()]).toEqual([1, 0]);
    await redirecting.close();
  });
});
