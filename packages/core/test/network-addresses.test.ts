import { describe, expect, it } from "vitest";
import { createNetworkPolicy } from "../src/network.ts";

const closed = createNetworkPolicy();
const refusalOf = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

describe("checkUrl and ports", () => {
  it.each([
    { options: {}, open: [443, 80, 8443, 8080], closed: [22, 25, 444, 3000, 5432, 65_535] },
    { options: { ports: [9443] }, open: [9443], closed: [443, 80, 8443] },
    { options: { ports: "any" as const }, open: [1, 22, 443, 65_535], closed: [] },
    { options: { ports: [] }, open: [], closed: [443, 80] },
  ])("opens $open and not $closed of names and public addresses with $options", ({ options, open, closed: shut }) => {
    const policy = createNetworkPolicy({ ...options, allowHttp: true });
    for (const host of ["acme.dev", "8.8.8.8", "[2606:4700:4700::1111]"]) {
      for (const scheme of ["http", "https"]) {
        for (const port of open) expect(policy.checkUrl(`${scheme}://${host}:${port}/`, "url").hostname).toBe(host);
        for (const port of shut) {
          expect(refusalOf(() => policy.checkUrl(`${scheme}://${host}:${port}/`, "url"))).toMatchObject({
            code: "invalid_url",
            detail: expect.stringContaining(`port ${port}`),
          });
        }
      }
    }
  });

  it("judges the port that a scheme stands for", () => {
    const policy = createNetworkPolicy({ ports: [443], allowHttp: true });
    expect(policy.checkUrl("https://acme.dev/", "url").port).toBe("");
    expect(refusalOf(() => policy.checkUrl("http://acme.dev/", "url"))).toMatchObject({
      detail: 'url has the host "acme.dev", which may not be reached on port 80; use 443',
    });
  });

  it("leaves a range that is open on every port, and so the port of a name to the dial", () => {
    const policy = createNetworkPolicy({ allow: ["10.1.0.0/16"] });
    for (const host of ["10.1.2.3", "billing.internal", "acme.dev"])
      expect(policy.checkUrl(`https://${host}:5000/`, "url").port).toBe("5000");
    expect(refusalOf(() => policy.checkUrl("https://8.8.8.8:5000/", "url"))).toMatchObject({ code: "invalid_url" });
    expect(refusalOf(() => policy.checkUrl("https://10.2.2.3/", "url"))).toMatchObject({ code: "blocked_address" });
  });

  it("lists ten ports at most, and all that are open stay so in its advice", () => {
    const ports = Array.from({ length: 40 }, (_, n) => 1_000 + n);
    const list = ports.slice(0, 10).join(", ");
    expect(refusalOf(() => createNetworkPolicy({ ports }).checkUrl("https://acme.dev/", "url"))).toMatchObject({
      detail: `url has the host "acme.dev", which may not be reached on port 443; use ${list}, …`,
      hint: `the operator can open it with network: { ports: [${list}, …, 443] }`,
    });
  });
});

describe("checkAddress", () => {
  const own = ["203.0.114.9", "2606:4700::9"];
  const policy = createNetworkPolicy(
    { allow: ["10.1.0.0/16", "9.9.9.0/24"], deny: ["10.1.9.0/24", "2a00:64::/96"] },
    (address) => own.includes(address),
  );

  it.each([
    { address: "8.8.8.8", port: 443 },
    { address: "2606:4700::8", port: 8443 },
    { address: "10.1.2.3", port: 443 },
    { address: "10.1.2.3", port: 5432 },
    { address: "9.9.9.9", port: 5432 },
  ])("allows $address on port $port", ({ address, port }) => {
    expect(policy.checkAddress(address, port)).toEqual({ allowed: true });
  });

  const blocked = { allowed: false, code: "blocked_address", fault: "leads to an address that is not public" };
  it.each([
    {
      address: "10.2.2.3",
      hint: '10.2.2.3 is private 10.0.0.0/8; the operator can open it with network: { allow: ["10.2.2.3/32"] }',
    },
    {
      address: "::ffff:10.1.2.3",
      hint:
        "::ffff:10.1.2.3 is IPv4-mapped ::ffff:0:0/96; " +
        'the operator can open it with network: { allow: ["::ffff:10.1.2.3/128"] }',
    },
    { address: "fe80::1%lo", hint: '"fe80::1%lo" is not an IP address' },
    { address: "\n\u001b[2J", hint: '"\\n\\u001b[2J" is not an IP address' },
    {
      address: "203.0.114.9",
      hint:
        "203.0.114.9 is an address of this machine; " +
        'the operator can open it with network: { allow: ["203.0.114.9/32"] }',
    },
    {
      address: "2606:4700::9",
      hint:
        "2606:4700::9 is an address of this machine; " +
        'the operator can open it with network: { allow: ["2606:4700::9/128"] }',
    },
    { address: "10.1.9.1", hint: "10.1.9.1 is in 10.1.9.0/24, which network.deny closes" },
    { address: "2a00:64::a00:1", hint: "2a00:64::a00:1 is in 2a00:64::/96, which network.deny closes" },
  ])("refuses $address, and tells the operator why: $hint", ({ address, hint }) => {
    expect(policy.checkAddress(address, 443)).toEqual({ ...blocked, hint });
  });

  it("refuses a public address on another port", () => {
    expect(policy.checkAddress("8.8.8.8", 22)).toEqual({
      allowed: false,
      code: "invalid_url",
      fault: "may not be reached on port 22; use 443, 80, 8443, 8080",
      hint: "the operator can open it with network: { ports: [443, 80, 8443, 8080, 22] }",
    });
  });

  it("opens an address of this machine that is in allow", () => {
    const opened = createNetworkPolicy({ allow: ["203.0.114.9/32"] }, () => true);
    expect(opened.checkAddress("203.0.114.9", 5432)).toEqual({ allowed: true });
    expect(opened.checkAddress("203.0.114.10", 443)).toMatchObject({ code: "blocked_address" });
  });

  it("gives advice that works: every address can be opened by the option of its hint", () => {
    for (const address of [
      "127.0.0.1",
      "10.2.2.3",
      "::1",
      "fe80::1",
      "::ffff:10.1.2.3",
      "64:ff9b::1",
      "168.63.129.16",
    ]) {
      const verdict = closed.checkAddress(address, 5432);
      const [, range = ""] = /allow: \["(.+)"\]/.exec(verdict.allowed ? "" : verdict.hint) ?? [];
      expect(createNetworkPolicy({ allow: [range] }).checkAddress(address, 5432)).toEqual({ allowed: true });
    }
  });
});
