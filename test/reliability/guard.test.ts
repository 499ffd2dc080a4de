import type { NetworkOptions } from "@outhook/core";
import { memoryStore } from "@outhook/core";
import { sqliteStore } from "@outhook/sqlite";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { acceptedHeaders, refusedHeaders } from "../../packages/core/test/fixtures/bad-headers.ts";
import { acceptedUrls, refusedUrls } from "../../packages/core/test/fixtures/bad-urls.ts";
import { withDatabase } from "../crash/processes.ts";
import type { App, Victim } from "./guarded.ts";
import { codeOf, countSockets, deliver, editRow, openApp, redeliver, resolverTo, startVictim } from "./guarded.ts";

/** Scheme and port are open, so that the address alone decides. */
const byAddress: NetworkOptions = { allowHttp: true, ports: "any" };
/** Where a victim can be reached that listens on every address of this machine. */
const everywhere = ["0.0.0.0/32", "127.0.0.0/8", "::1/128", "::ffff:127.0.0.0/104"];
const apps: App[] = [];
let victim: Victim;
let sockets: ReturnType<typeof countSockets>;

const open = async (network: NetworkOptions, store = memoryStore()): Promise<App> => {
  const app = await openApp(network, store);
  apps.push(app);
  return app;
};
const endpointOf = async ({ outhook }: App, url: string): Promise<string> =>
  (await outhook.tenant("acme").endpoints.create({ url })).endpoint.id;
const victimUrl = (): string => `http://127.0.0.1:${victim.port}/hook`;

beforeEach(async () => {
  victim = await startVictim();
  sockets = countSockets();
});

afterEach(async () => {
  sockets.end();
  await Promise.all(apps.splice(0).map(({ outhook }) => outhook.close()));
  await victim.close();
});

/** The case over HTTP on the victim's port, unless it is about another port. */
function onVictim(input: string): string {
  return input.replace(/^https?:\/\/([^/?#]*)/i, (_, authority: string) =>
    /:[^\]]*$/.test(authority) ? `http://${authority}` : `http://${authority}:${victim.port}`,
  );
}

/** What a case needs closed beside addresses, since that is what it is about. */
function networkOf(id: string): NetworkOptions {
  if (id === "url-081") return { ports: "any" };
  return id === "url-105" || id === "url-106" ? { allowHttp: true } : byAddress;
}

describe("a URL that must be refused", () => {
  let ownControls = 0;

  it.each(refusedUrls)("connects nowhere: $id ($why)", async ({ id, input, code }) => {
    const url = typeof input === "string" ? onVictim(input) : input;
    const resolver = resolverTo(["127.0.0.1"]);
    const app = await open({ ...networkOf(id), resolver });
    const { endpoints } = app.outhook.tenant("acme");
    const endpointId = await endpointOf(app, "https://hooks.acme.dev/");
    const asText = url as string; // Some cases are none.

    expect(await codeOf(endpoints.create({ url: asText }))).toBe(code);
    expect(await codeOf(endpoints.update(endpointId, { url: asText }))).toBe(code);
    await editRow(app, endpointId, asText);
    const first = await deliver(app, endpointId);
    const again = await redeliver(app, first.deliveryId);
    expect([first.errorClass, again.errorClass]).toEqual([code, code]);
    expect([victim.connections(), sockets.count(), resolver.count()]).toEqual([0, 0, 0]);

    // The control: the same with the victim's address open, or where that is not what the URL leads to, the victim's own.
    const opened = await open({ ...byAddress, allow: everywhere, resolver });
    const isVictims = typeof url === "string" && url.includes(`:${victim.port}`);
    const created = isVictims ? await codeOf(endpointOf(opened, url)) : code;
    const isOwn = created !== code;
    if (isOwn) ownControls += 1;
    const controlId = isOwn ? String(created) : await endpointOf(opened, victimUrl());
    expect((await deliver(opened, controlId)).statusCode).toBe(200);
    expect(victim.connections()).toBe(1);
  });

  it("has itself as its control where it leads to this machine", () => {
    // Spellings of loopback and of "any address", localhost, private names that may lead here, and plain HTTP.
    expect(ownControls).toBe(29);
  });
});

describe("a URL that is accepted", () => {
  it.each(acceptedUrls.filter(({ href }) => href.includes("acme.dev")))(
    "connects nowhere if its name leads to a closed address: $id ($why)",
    async ({ input }) => {
      const url = input.replace(/^https(:\/\/acme\.dev\.?)(:\d+)?/i, `http$1:${victim.port}`);
      const resolver = resolverTo(["127.0.0.1"]);
      const app = await open({ ...byAddress, resolver });
      const id = await endpointOf(app, url);
      expect(resolver.count()).toBe(0);
      const first = await deliver(app, id);
      expect(first).toMatchObject({
        errorClass: "blocked_address",
        error: "the host acme.dev leads to an address that is not public",
      });
      expect((await redeliver(app, first.deliveryId)).errorClass).toBe("blocked_address");
      expect(victim.connections()).toBe(0);
      expect([...new Set(app.log)]).toEqual([
        "a request was not sent: where it goes is closed: the host acme.dev leads to an address that is not public; " +
          '127.0.0.1 is loopback 127.0.0.0/8; the operator can open it with network: { allow: ["127.0.0.1/32"] }',
      ]);

      const opened = await open({ ...byAddress, allow: ["127.0.0.1/32"], resolver });
      expect((await deliver(opened, await endpointOf(opened, url))).statusCode).toBe(200);
      expect(victim.connections()).toBe(1);
    },
  );

  it.each(acceptedUrls.filter(({ href }) => !href.includes("acme.dev")))(
    "connects nowhere by being saved: $id ($why)",
    async ({ input, href }) => {
      const app = await open({});
      const { endpoint } = await app.outhook.tenant("acme").endpoints.create({ url: input });
      expect([endpoint.url, sockets.count()]).toEqual([href, 0]);
    },
  );
});

describe("a name", () => {
  it.each([
    { answer: ["127.0.0.1"], why: "a closed address" },
    { answer: ["::ffff:127.0.0.1"], why: "url-155: an IPv4-mapped one" },
    { answer: ["64:ff9b::7f00:1"], why: "url-156: a NAT64 one" },
    { answer: ["8.8.8.8", "127.0.0.1"], why: "a public and a closed one" },
    { answer: ["127.0.0.1", "2606:4700::1"], why: "a closed and a public one" },
    { answer: ["0.0.0.0"], why: "any address" },
    { answer: ["::1"], why: "loopback of IPv6" },
  ])("that leads to $why is not dialled", async ({ answer }) => {
    const resolver = resolverTo(answer);
    const app = await open({ ...byAddress, resolver });
    const first = await deliver(app, await endpointOf(app, `http://hooks.acme.dev:${victim.port}/`));
    const again = await redeliver(app, first.deliveryId);
    expect([first.errorClass, again.errorClass, resolver.count()]).toEqual(["blocked_address", "blocked_address", 2]);
    expect(victim.connections()).toBe(0);
  });

  it("that is rebound is refused as soon as it leads elsewhere, however often it was right before", async () => {
    // 127.0.0.2 stands for a public address.
    const right = await startVictim((_request, response) => void response.setHeader("connection", "close").end());
    const resolver = resolverTo(["127.0.0.2"], ["127.0.0.1"], ["127.0.0.2", "127.0.0.1"], ["127.0.0.2"]);
    const app = await open({ ...byAddress, allow: ["127.0.0.2/32"], resolver });
    const id = await endpointOf(app, `http://hooks.acme.dev:${right.port}/`);
    const seen: unknown[] = [];
    for (let n = 0; n < 4; n += 1) {
      const { statusCode, errorClass } = await deliver(app, id);
      seen.push(statusCode ?? errorClass);
    }
    expect(seen).toEqual([200, "blocked_address", "blocked_address", 200]);
    // One look-up per connection: there is no second answer that could differ from the one that was checked.
    expect([resolver.count(), right.connections()]).toEqual([4, 2]);
    await right.close();
  });
});

describe("a redirect", () => {
  it.each([
    { id: "url-161", status: 307, location: () => "http://169.254.169.254/" },
    { id: "to the victim", status: 307, location: victimUrl },
    { id: "to the victim", status: 301, location: victimUrl },
    { id: "to the victim", status: 308, location: victimUrl },
  ])("is a failed attempt with its status and not followed: $id, $status", async ({ status, location }) => {
    const redirecting = await startVictim((_request, response) => {
      response.writeHead(status, { location: location() }).end();
    });
    const url = `http://127.0.0.2:${redirecting.port}/`;
    for (const allow of [["127.0.0.2/32"], ["127.0.0.0/8"]]) {
      const app = await open({ ...byAddress, allow });
      const first = await deliver(app, await endpointOf(app, url));
      const again = await redeliver(app, first.deliveryId);
      expect([first.statusCode, again.statusCode]).toEqual([status, status]);
    }
    expect([redirecting.connections(), victim.connections()]).toEqual([2, 0]);
    const opened = await open({ ...byAddress, allow: ["127.0.0.1/32"] });
    expect((await deliver(opened, await endpointOf(opened, victimUrl()))).statusCode).toBe(200);
    expect(victim.connections()).toBe(1);
    await redirecting.close();
  });
});

describe("a connection", () => {
  it("that one app has open is not used by another with a stricter policy (url-162)", async () => {
    const opened = await open({ ...byAddress, allow: ["127.0.0.1/32"] });
    const store = opened.store;
    const id = await endpointOf(opened, victimUrl());
    expect((await deliver(opened, id)).statusCode).toBe(200);
    const strict = await openApp(byAddress, store);
    expect((await deliver(strict, id)).errorClass).toBe("blocked_address");
    expect((await deliver(opened, id)).statusCode).toBe(200);
    expect(victim.connections()).toBe(1);
  });
});

describe("a row that somebody edited in the database", () => {
  it("is refused at delivery and redelivery, and read as it is by an operator who opened the address", async () => {
    await withDatabase(async (path) => {
      const app = await openApp(byAddress, sqliteStore({ path }));
      const id = await endpointOf(app, "https://hooks.acme.dev/");
      const database = new Database(path);
      database.prepare("update outhook_endpoints set url = ? where id = ?").run(victimUrl(), id);
      database.close();
      const first = await deliver(app, id);
      expect((await redeliver(app, first.deliveryId)).errorClass).toBe("blocked_address");
      expect([first.errorClass, victim.connections(), sockets.count()]).toEqual(["blocked_address", 0, 0]);
      await app.outhook.close();

      const opened = await openApp({ ...byAddress, allow: ["127.0.0.1/32"] }, sqliteStore({ path }));
      expect((await deliver(opened, id)).statusCode).toBe(200);
      expect(victim.connections()).toBe(1);
      await opened.outhook.close();
    });
  });
});

describe("headers that must be refused", () => {
  it.each(refusedHeaders)("connect nowhere: $id ($why)", async ({ input }) => {
    const app = await open({ ...byAddress, allow: ["127.0.0.1/32"] });
    const { endpoints } = app.outhook.tenant("acme");
    const headers = input as Readonly<Record<string, string>>; // Some cases are none.
    expect(await codeOf(endpoints.create({ url: victimUrl(), headers }))).toBe("invalid_headers");
    expect(victim.connections()).toBe(0);
    const id = await endpointOf(app, victimUrl());
    // In a patch `null` means to remove.
    const isRemoval = Object.values(headers).some((value: unknown) => value === null);
    if (!isRemoval) expect(await codeOf(endpoints.update(id, { headers }))).toBe("invalid_headers");
    expect([victim.connections(), sockets.count()]).toEqual([0, 0]);
    expect((await deliver(app, id)).statusCode).toBe(200);
    expect(victim.connections()).toBe(1);
  });

  it.each(acceptedHeaders)("have these as a control: $id ($why)", async ({ input, headers }) => {
    const received: unknown[] = [];
    const receiver = await startVictim((request, response) => {
      received.push(request.headers);
      response.end();
    });
    const app = await open({ ...byAddress, allow: ["127.0.0.1/32"] });
    const url = `http://127.0.0.1:${receiver.port}/`;
    const { endpoint } = await app.outhook
      .tenant("acme")
      .endpoints.create({ url, headers: input as Readonly<Record<string, string>> }); // As above.
    expect((await deliver(app, endpoint.id)).statusCode).toBe(200);
    expect(received).toEqual([expect.objectContaining(headers)]);
    await receiver.close();
  });
});
