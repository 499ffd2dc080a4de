import { describe, expect, it } from "vitest";
import type { OuthookError } from "../src/errors.ts";
import { createHttpTransport } from "../src/http-transport/index.ts";
import type { Outcome } from "../src/model.ts";
import { createNetworkPolicy } from "../src/network.ts";
import type { NameResolver, NetworkOptions } from "../src/network-options.ts";
import { cleanUp } from "./fixtures/listeners.ts";
import { resolveBy, resolveTo, send, victim } from "./fixtures/resolving.ts";

describe("ports", () => {
  it("are judged with the address that a name leads to, once it is known", async () => {
    const { port, accepted } = await victim();
    const options = { allow: ["127.0.0.1/32"], ports: [80] };
    resolveTo(["8.8.8.8", "127.0.0.1"], ["127.0.0.1"]);
    expect(await send(options, `http://hooks.acme.dev:${port}/`)).toEqual({
      kind: "error",
      errorClass: "invalid_url",
      message: `the host hooks.acme.dev may not be reached on port ${port}; use 80`,
    });
    expect(accepted()).toBe(0);
    expect(await send(options, `http://hooks.acme.dev:${port}/`)).toMatchObject({ statusCode: 200 });
    expect(accepted()).toBe(1);
  });

  it("say blocked_address where the address is closed too", async () => {
    resolveTo(["10.0.0.1"]);
    const outcome = await send({ allow: ["127.0.0.1/32"], ports: [80] }, "http://hooks.acme.dev:5432/");
    expect(outcome).toMatchObject({ errorClass: "blocked_address" });
  });
});

describe("what operators get to know", () => {
  it.each([
    {
      why: "a literal",
      url: (port: number) => `http://127.0.0.1:${port}/`,
      says: 'url has the host "127.0.0.1", which is not a public address',
    },
    {
      why: "a name",
      url: (port: number) => `http://hooks.acme.dev:${port}/`,
      says: "the host hooks.acme.dev leads to an address that is not public",
    },
    {
      why: "localhost",
      url: (port: number) => `http://localhost:${port}/`,
      says: 'url has the host "localhost", which is not a public name',
    },
  ])("of $why that is closed is the option that opens it, and it does", async ({ url, says }) => {
    const { port, accepted } = await victim();
    resolveTo(["127.0.0.1"]);
    const refusals: OuthookError[] = [];
    const sendWith = async (options: NetworkOptions): Promise<Outcome> => {
      const policy = createNetworkPolicy({ allowHttp: true, ports: "any", ...options });
      const transport = createHttpTransport({ policy, onRefused: (refusal) => void refusals.push(refusal) });
      cleanUp(() => transport.close());
      return transport.send({ url: url(port), headers: {}, body: Buffer.from("{}"), timeoutMs: 5_000 });
    };
    expect(await sendWith({})).toMatchObject({ errorClass: "blocked_address" });
    expect(refusals.map(({ message }) => message)).toEqual([expect.stringContaining(says)]);
    const [, range = ""] = /network: \{ allow: \["(.+)"\] \}$/.exec(refusals[0]?.message ?? "") ?? [];
    expect(range).toBe("127.0.0.1/32");
    expect(await sendWith({ allow: [range] })).toMatchObject({ statusCode: 200 });
    expect(refusals).toHaveLength(1);
    expect(accepted()).toBe(1);
  });
});

describe("network.resolver", () => {
  const failing = (code: string) => () => Promise.reject(Object.assign(new Error("queryA"), { code }));
  const answering =
    (...addresses: readonly string[]) =>
    () =>
      Promise.resolve(addresses);
  const sendBySome = async (resolver: NameResolver, timeoutMs?: number): Promise<Outcome> => {
    const { port } = await victim();
    return send({ allow: ["127.0.0.1/32"], resolver }, `http://hooks.acme.dev:${port}/`, timeoutMs);
  };

  it("is asked for both families, by name, instead of the system", async () => {
    const { port } = await victim();
    const { lookups } = resolveTo(["127.0.0.1"]);
    const asked: string[] = [];
    const resolver: NameResolver = {
      resolve4: async (name) => {
        asked.push(`A ${name}`);
        return ["127.0.0.1"];
      },
      resolve6: async (name) => {
        asked.push(`AAAA ${name}`);
        return [];
      },
    };
    const outcome = await send({ allow: ["127.0.0.1/32"], resolver }, `http://hooks.acme.dev:${port}/`);
    expect(outcome).toMatchObject({ statusCode: 200 });
    expect(asked).toEqual(["A hooks.acme.dev", "AAAA hooks.acme.dev"]);
    expect(lookups()).toBe(0);
  });

  it.each([
    { why: "the other family has none", resolve6: failing("ENODATA") },
    { why: "the other family fails", resolve6: failing("ESERVFAIL") },
  ])("does with one family where $why", async ({ resolve6 }) => {
    expect(await sendBySome({ resolve4: answering("127.0.0.1"), resolve6 })).toMatchObject({ statusCode: 200 });
  });

  it.each([
    { resolve4: answering("127.0.0.1"), resolve6: answering("::1") },
    { resolve4: answering("127.0.0.1", "127.0.0.2"), resolve6: failing("ENODATA") },
    { resolve4: failing("ENODATA"), resolve6: answering("::ffff:127.0.0.1") },
    { resolve4: failing("ENODATA"), resolve6: answering("64:ff9b::7f00:1") },
    { resolve4: answering("127.1"), resolve6: failing("ENODATA") },
    { resolve4: answering("localhost"), resolve6: failing("ENODATA") },
    { resolve4: answering(""), resolve6: failing("ENODATA") },
  ])("is believed in nothing: any answer that is closed closes the name (%#)", async (resolver) => {
    expect(await sendBySome(resolver)).toMatchObject({ errorClass: "blocked_address" });
  });

  it.each([
    { resolve4: failing("ENOTFOUND"), resolve6: failing("ENOTFOUND"), code: "DNS_ENOTFOUND" },
    { resolve4: failing("ENODATA"), resolve6: failing("ETIMEOUT"), code: "DNS_ETIMEOUT" },
    { resolve4: failing("ESERVFAIL"), resolve6: failing("ENODATA"), code: "DNS_ESERVFAIL" },
    { resolve4: answering(), resolve6: answering(), code: "DNS_ENODATA" },
    { resolve4: () => Promise.reject(new Error("10.0.0.53 is down")), resolve6: answering(), code: "DNS_ESERVFAIL" },
  ])("makes the attempt fail as dns with $code", async ({ resolve4, resolve6, code }) => {
    expect(await sendBySome({ resolve4, resolve6 })).toEqual({
      kind: "error",
      errorClass: "dns",
      message: `the host name could not be resolved (${code})`,
    });
  });

  it("fails as dns too where it breaks its promise", async () => {
    const broken = (answer: unknown): NameResolver => {
      const resolve = () => answer as Promise<string[]>; // What plain JavaScript may pass.
      return { resolve4: resolve, resolve6: resolve };
    };
    for (const answer of [undefined, "127.0.0.1", [{ address: "127.0.0.1", ttl: 60 }]])
      expect(await sendBySome(broken(answer))).toMatchObject({ errorClass: "dns" });
    const throwing = () => {
      throw new Error("closed");
    };
    expect(await sendBySome({ resolve4: throwing, resolve6: throwing })).toMatchObject({ errorClass: "dns" });
  });

  it.each(["ECONNREFUSED", "ECANCELLED"])(
    "does not blame the receiver for name servers that fail with %s",
    async (code) => {
      expect(await sendBySome({ resolve4: failing(code), resolve6: failing(code) })).toEqual({
        kind: "local",
        message: `network.resolver reaches no name server (${code})`,
      });
    },
  );

  it("is bounded by the attempt", async () => {
    const silent = () => new Promise<never>(() => {});
    expect(await sendBySome({ resolve4: silent, resolve6: silent }, 50)).toMatchObject({ errorClass: "timeout" });
  });
});

describe("look-ups by the system", () => {
  it("are two at once; what waits behind them until its deadline is not blamed on the receiver", async () => {
    const answers: (() => void)[] = [];
    const { port } = await victim();
    resolveBy((callback) => void answers.push(() => callback(null, [{ address: "127.0.0.1", family: 4 }])));
    const policy = createNetworkPolicy({ allow: ["127.0.0.1/32"], allowHttp: true });
    const transport = createHttpTransport({ policy });
    cleanUp(() => transport.close());
    const sendTo = (name: string, timeoutMs: number): Promise<Outcome> =>
      transport.send({ url: `http://${name}.dev:${port}/`, headers: {}, body: Buffer.from("{}"), timeoutMs });
    const silent = ["a", "b"].map((name) => sendTo(name, 5_000));
    await expect.poll(() => answers.length).toBe(2);
    expect(await sendTo("d", 50)).toEqual({
      kind: "local",
      message: "look-ups of other host names took all of the attempt's 50 ms",
    });
    // The same name shares a look-up.
    const same = sendTo("a", 5_000);
    const later = sendTo("e", 5_000);
    expect(answers.length).toBe(2);
    answers[0]?.();
    expect(await same).toMatchObject({ statusCode: 200 });
    await expect.poll(() => answers.length).toBe(3);
    for (const answer of answers) answer();
    for (const outcome of await Promise.all([...silent, later])) expect(outcome).toMatchObject({ statusCode: 200 });
  });
});
