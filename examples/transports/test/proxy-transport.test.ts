import { createNetworkPolicy } from "@outhook/core";
import type { Outcome, Transport } from "@outhook/core";
import type { SkippedCase, TransportFixture } from "@outhook/testkit";
import { startReceiver, transportConformance } from "@outhook/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { proxyTransport } from "../src/index.ts";
import type { ConnectProxy } from "./connect-proxy.ts";
import { startConnectProxy } from "./connect-proxy.ts";

const policy = createNetworkPolicy({ allow: ["127.0.0.0/8"], allowHttp: true });
const fixture: TransportFixture = {
  create: async () => {
    const proxy = await startConnectProxy();
    const transport = proxyTransport({ proxy: proxy.url, policy });
    const destroy = async (): Promise<void> => {
      await transport.close();
      await proxy.close();
    };
    return { transport, destroy };
  },
};
const reason = "the proxy dials, and does not say why it could not";
const skip: readonly SkippedCase[] = [
  { id: "class/a refused connection is connection_refused", reason },
  { id: "class/a host name that leads nowhere is dns", reason },
  {
    id: "deadline/a TLS handshake that does not go on is dropped with its connection",
    reason: "undici lets go of it by itself, a minute later at most; no byte of the request has left by then",
  },
];

describe("the transport through a proxy", () => {
  // oxlint-disable-next-line vitest/expect-expect -- the cases assert
  for (const { id, run } of transportConformance(fixture, { skip })) it(id, run);
});

const ends: (() => Promise<void>)[] = [];
const ending = <T extends { readonly close: () => Promise<void> }>(one: T): T => {
  ends.push(one.close);
  return one;
};
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const send = (transport: Transport, url: string): Promise<Outcome> =>
  transport.send({ url, headers: { "webhook-id": "msg_1" }, body: Buffer.from("{}"), timeoutMs: 3_000 });

describe("beyond the kit", () => {
  it("dials the proxy, which is told the host, and given its own credentials, which the receiver is not", async () => {
    const proxy: ConnectProxy = ending(await startConnectProxy());
    const receiver = ending(await startReceiver());
    const transport = ending(proxyTransport({ proxy: proxy.url, proxyAuthorization: "Basic cHJveHk6", policy }));
    expect(await send(transport, receiver.url())).toMatchObject({ kind: "response", statusCode: 200 });
    expect(proxy.asked).toEqual([{ to: new URL(receiver.url()).host, authorization: "Basic cHJveHk6" }]);
    expect(receiver.requests[0]?.headers).not.toHaveProperty("proxy-authorization");
  });

  it("tells what the proxy's rules close as blocked_address", async () => {
    const proxy = ending(await startConnectProxy(["hooks.acme.example"]));
    const transport = ending(proxyTransport({ proxy: proxy.url, policy }));
    const outcome = await send(transport, "http://hooks.acme.example:8080/");
    expect(outcome).toMatchObject({ kind: "error", errorClass: "blocked_address" });
  });

  it("does not ask the proxy for an address that the policy closes", async () => {
    const proxy = ending(await startConnectProxy());
    const transport = ending(proxyTransport({ proxy: proxy.url, policy }));
    expect(await send(transport, "https://10.0.0.1/")).toMatchObject({ errorClass: "blocked_address" });
    expect(proxy.asked).toEqual([]);
  });

  it("blames no receiver while the proxy is away", async () => {
    const proxy = await startConnectProxy();
    await proxy.close();
    const transport = ending(proxyTransport({ proxy: proxy.url, policy }));
    expect(await send(transport, "http://127.0.0.1:8080/")).toMatchObject({ kind: "local" });
  });
});
