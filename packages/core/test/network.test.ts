import { Resolver } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { OuthookError } from "../src/errors.ts";
import { createNetworkPolicy } from "../src/network.ts";
import { acceptedUrls, refusedUrls } from "./fixtures/bad-urls.ts";

const certificate = readFileSync(new URL("fixtures/localhost.cert.pem", import.meta.url), "utf8");
const closed = createNetworkPolicy();
const refusalOf = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

describe("checkUrl with nothing opened", () => {
  it.each(refusedUrls)("refuses $id: $why", ({ input, code }) => {
    expect(refusalOf(() => closed.checkUrl(input, "url"))).toMatchObject({
      code,
      param: "url",
      message: expect.stringMatching(/^url .{1,300}$/),
    });
  });

  it.each(acceptedUrls)("accepts $id: $why", ({ input, href }) => {
    expect(closed.checkUrl(input, "url").href).toBe(href);
  });

  it("is refused when it is too long only in the encoded form that is stored", () => {
    const { checkUrl } = createNetworkPolicy();
    expect(() => checkUrl(`https://acme.dev/${"é".repeat(1_000)}`, "url")).toThrow(/6017 characters when encoded/);
  });

  it("accepts a URL of the greatest length and refuses one character more", () => {
    const longest = "https://acme.dev/".padEnd(2_048, "a");
    expect(closed.checkUrl(longest, "url").href).toBe(longest);
    expect(() => closed.checkUrl(`${longest}a`, "url")).toThrow("url has 2049 characters; at most 2048 are allowed");
  });

  it("refuses 10 MB at once", () => {
    expect(() => closed.checkUrl(`https://${"a".repeat(10_000_000)}`, "url")).toThrow("url has 10000008 characters");
  });

  it("keeps names in other scripts, in the form that the resolver knows", () => {
    expect(closed.checkUrl("https://bücher.dev/%C3%BC?q=ü", "url").href).toBe(
      "https://xn--bcher-kva.dev/%C3%BC?q=%C3%BC",
    );
  });

  it.each([
    {
      text: "http://acme.dev/hook",
      detail: 'url "http://acme.dev/hook" is not HTTPS; use https://',
      hint: "the operator can open plain HTTP with network: { allowHttp: true }",
    },
    {
      text: "https://127.0.0.1/hook",
      detail: 'url has the host "127.0.0.1", which is not a public address; name one that the internet can reach',
      hint: '127.0.0.1 is loopback 127.0.0.0/8; the operator can open it with network: { allow: ["127.0.0.1/32"] }',
    },
    {
      text: "https://0x7f000001/hook",
      detail: 'url has the host "0x7f000001", which is not a public address; name one that the internet can reach',
      hint: '127.0.0.1 is loopback 127.0.0.0/8; the operator can open it with network: { allow: ["127.0.0.1/32"] }',
    },
    {
      text: "https://[::1]:8443/hook",
      detail: 'url has the host "[::1]", which is not a public address; name one that the internet can reach',
      hint: '::1 is loopback ::1/128; the operator can open it with network: { allow: ["::1/128"] }',
    },
    {
      text: "https://localhost:8443/hook",
      detail: 'url has the host "localhost", which is not a public name; name one that the internet can reach',
      hint: 'the operator can open it with network: { allow: ["127.0.0.1/32"] }',
    },
    {
      text: "https://db.internal/hook",
      detail:
        'url has the host "db.internal", which is not a public name, ending in .internal; name one that the internet can reach',
      hint: 'the operator can open it with network: { allow: ["<its range>"] }',
    },
    {
      text: "https://acme.dev:22/hook",
      detail: 'url has the host "acme.dev", which may not be reached on port 22; use 443, 80, 8443, 8080',
      hint: "the operator can open it with network: { ports: [443, 80, 8443, 8080, 22] }",
    },
    {
      text: "https://8.8.8.8:22/hook",
      detail: 'url has the host "8.8.8.8", which may not be reached on port 22; use 443, 80, 8443, 8080',
      hint: "the operator can open it with network: { ports: [443, 80, 8443, 8080, 22] }",
    },
    {
      text: "https://127.0.0.1:22/hook",
      detail: 'url has the host "127.0.0.1", which is not a public address; name one that the internet can reach',
      hint: '127.0.0.1 is loopback 127.0.0.0/8; the operator can open it with network: { allow: ["127.0.0.1/32"] }',
    },
    {
      text: "https://acme.dev\\hook",
      detail:
        'url "https://acme.dev\\hook" holds a space, an invisible character or a backslash; remove or percent-encode it',
      hint: null,
    },
    {
      text: "https://\u202eacme.dev/",
      detail:
        'url "https://\\u{202e}acme.dev/" holds a space, an invisible character or a backslash; remove or percent-encode it',
      hint: null,
    },
    { text: 7, detail: 'url is 7; a URL is a string such as "https://hooks.example.com/path"', hint: null },
  ])("names the place, what it got and the fix: $text", ({ text, detail, hint }) => {
    const message = hint === null ? detail : `${detail}; ${hint}`;
    expect(refusalOf(() => closed.checkUrl(text, "url"))).toMatchObject({ detail, hint, message });
  });

  it.each(refusedUrls)("tells the tenant of $id nothing that is not in its own text", ({ input }) => {
    const { detail } = refusalOf(() => closed.checkUrl(input, "url")) as OuthookError;
    const received = typeof input === "string" ? input : "";
    const addresses = detail.match(/(?:\d+\.){3}\d+|[\da-f]*:[\da-f:]*:[\da-f]*/g) ?? [];
    expect(addresses.filter((address) => !received.includes(address))).toEqual([]);
    expect(detail).not.toMatch(/network|allow:|allowHttp|operator/);
  });

  it("does not repeat a password in its message", () => {
    const refusal = refusalOf(() => closed.checkUrl("https://ada:hunter2@acme.dev/", "url"));
    expect(refusal).toMatchObject({ code: "invalid_url", message: expect.not.stringContaining("hunter2") });
  });
});

describe("checkUrl with something opened", () => {
  it.each([
    { allow: ["127.0.0.0/8"], url: "https://127.0.0.1:4000/hook", why: "an open range is open on every port" },
    { allow: ["127.0.0.1/32"], url: "https://2130706433/hook", why: "the address counts, not its spelling" },
    { allow: ["127.0.0.0/8"], url: "https://localhost/hook", why: "localhost needs 127.0.0.1 or ::1" },
    { allow: ["::1/128"], url: "https://localhost/hook", why: "localhost needs 127.0.0.1 or ::1" },
    { allow: ["127.0.0.0/8"], url: "https://acme.localhost/hook", why: "names below localhost mean the same" },
    { allow: ["10.1.0.0/16"], url: "https://billing/hook", why: "the address of a private name decides later" },
    {
      allow: ["10.1.0.0/16"],
      url: "https://billing.internal/hook",
      why: "the address of a private name decides later",
    },
    { allow: ["fd00::/8"], url: "https://[fd00::1]/hook", why: "IPv6" },
  ])("accepts $url with $allow: $why", ({ allow, url }) => {
    expect(createNetworkPolicy({ allow }).checkUrl(url, "url").protocol).toBe("https:");
  });

  it.each([
    { allow: ["127.0.0.2/32"], url: "https://127.0.0.1/hook" },
    { allow: ["10.0.0.0/8"], url: "https://localhost/hook" },
    { allow: ["10.0.0.0/8"], url: "https://169.254.169.254/hook" },
    { allow: ["127.0.0.0/8"], url: "https://[::ffff:127.0.0.1]/hook" },
    { allow: ["127.0.0.0/8"], url: "https://[::127.0.0.1]/hook" },
  ])("still refuses $url with $allow", ({ allow, url }) => {
    expect(refusalOf(() => createNetworkPolicy({ allow }).checkUrl(url, "url"))).toMatchObject({
      code: "blocked_address",
    });
  });

  it("accepts http: and nothing else that is not HTTPS when plain HTTP is open", () => {
    const policy = createNetworkPolicy({ allowHttp: true });
    expect(policy.checkUrl("HTTP://acme.dev", "url").href).toBe("http://acme.dev/");
    expect(refusalOf(() => policy.checkUrl("ws://acme.dev", "url"))).toMatchObject({ code: "invalid_url" });
    expect(refusalOf(() => policy.checkUrl("http://127.0.0.1", "url"))).toMatchObject({ code: "blocked_address" });
  });
});

describe("createNetworkPolicy", () => {
  it.each([
    { options: { allow: ["10.1.0.0/16", "10.1.0.0/33"] }, param: "network.allow[1]" },
    { options: { allow: "10.1.0.0/16" }, param: "network.allow" },
    { options: { allow: [7] }, param: "network.allow[0]" },
    { options: { deny: ["10.1.0.0"] }, param: "network.deny[0]" },
    { options: { ports: 443 }, param: "network.ports" },
    { options: { ports: "all" }, param: "network.ports" },
    { options: { ports: [443, "8443"] }, param: "network.ports[1]" },
    { options: { ports: [0] }, param: "network.ports[0]" },
    { options: { ports: [443, 65_536] }, param: "network.ports[1]" },
    { options: { ports: [Number.NaN] }, param: "network.ports[0]" },
    { options: { resolver: "8.8.8.8" }, param: "network.resolver" },
    { options: { resolver: { resolve4: () => [] } }, param: "network.resolver" },
    { options: { allowHttp: "yes" }, param: "network.allowHttp" },
    { options: { ca: "/etc/ssl/ca.pem" }, param: "network.ca" },
    {
      options: { ca: [certificate, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"] },
      param: "network.ca[1]",
    },
    {
      options: { ca: `${certificate}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----` },
      param: "network.ca",
    },
    { options: { ca: 7 }, param: "network.ca" },
  ])("refuses $options, naming $param", ({ options, param }) => {
    expect(refusalOf(() => Reflect.apply(createNetworkPolicy, undefined, [options]))).toMatchObject({
      code: "invalid_options",
      param,
      message: expect.stringMatching(/^network\./),
    });
  });

  it("takes a resolver of Node", () => {
    const resolver = new Resolver();
    expect(createNetworkPolicy({ resolver }).resolver).toBe(resolver);
    expect(createNetworkPolicy().resolver).toBeNull();
  });

  it("takes one certificate or several", () => {
    expect(createNetworkPolicy({ ca: certificate }).ca).toEqual([certificate]);
    expect(createNetworkPolicy({ ca: [certificate, certificate] }).ca).toHaveLength(2);
    expect(createNetworkPolicy().ca).toEqual([]);
  });
});
