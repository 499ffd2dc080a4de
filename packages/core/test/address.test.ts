import fc from "fast-check";
import { isIP } from "node:net";
import { describe, expect, it } from "vitest";
import { parseAddress, parseRange, rangeContains } from "../src/address.ts";
import { classifyAddress } from "../src/special-addresses.ts";

const bytesOf = (text: string): readonly number[] | null => parseAddress(text)?.bytes ?? null;
const zeros = (count: number): readonly number[] => Array.from({ length: count }, () => 0);

describe("parseAddress", () => {
  it.each([
    { text: "127.0.0.1", bytes: [127, 0, 0, 1] },
    { text: "255.255.255.255", bytes: [255, 255, 255, 255] },
    { text: "::", bytes: zeros(16) },
    { text: "::1", bytes: [...zeros(15), 1] },
    { text: "1::", bytes: [0, 1, ...zeros(14)] },
    { text: "2001:DB8::1", bytes: [0x20, 1, 0x0d, 0xb8, ...zeros(11), 1] },
    { text: "1:2:3:4:5:6:7:8", bytes: [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8] },
    { text: "1:2:3:4:5:6:7::", bytes: [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0] },
    { text: "::ffff:127.0.0.1", bytes: [...zeros(10), 255, 255, 127, 0, 0, 1] },
    { text: "64:ff9b::10.0.0.1", bytes: [0, 0x64, 0xff, 0x9b, ...zeros(8), 10, 0, 0, 1] },
  ])("reads $text", ({ text, bytes }) => {
    expect(bytesOf(text)).toEqual(bytes);
  });

  it.each([
    { text: "", why: "nothing" },
    { text: "localhost", why: "a name" },
    { text: "0177.0.0.1", why: "octal" },
    { text: "0x7f.0.0.1", why: "hexadecimal" },
    { text: "2130706433", why: "one number" },
    { text: "127.1", why: "two parts" },
    { text: "127.0.0.1.", why: "trailing dot" },
    { text: " 127.0.0.1", why: "a space" },
    { text: "256.0.0.1", why: "overflow" },
    { text: "1.2.3.4.5", why: "five parts" },
    { text: "fe80::1%eth0", why: "zone id" },
    { text: "[::1]", why: "brackets" },
    { text: "1::2::3", why: "two gaps" },
    { text: ":::", why: "three colons" },
    { text: "1:2:3:4:5:6:7:8::", why: "a gap of nothing" },
    { text: "1:2:3:4:5:6:7", why: "seven groups" },
    { text: ":1:2:3:4:5:6:7:8", why: "leading colon" },
    { text: "12345::", why: "five digits" },
    { text: "1.2.3.4::", why: "IPv4 that is not last" },
    { text: "::1.2.3.4:5", why: "IPv4 in the middle" },
    { text: "::1.2.3", why: "short IPv4 in IPv6" },
    { text: "1:2:3:4:5:6:7:1.2.3.4", why: "too long by an IPv4" },
  ])("does not read $text ($why)", ({ text }) => {
    expect(parseAddress(text)).toBeNull();
  });

  it("reads what node:net takes for an address, and nothing else but zone ids", () => {
    const piece = fc.constantFrom("0", "1", "ff", "ffff", "10", "255", "256", "01", ":", "::", ".", "1.2.3.4", "g");
    const addressLike = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.array(piece, { maxLength: 16 }).map((pieces) => pieces.join("")),
    );
    fc.assert(
      fc.property(addressLike, (text) => {
        expect(parseAddress(text)?.family ?? 0).toBe(isIP(text));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("parseRange", () => {
  it.each([
    { text: "10.1.0.0/33", says: "the prefix length of an IPv4 range goes from 0 to 32" },
    { text: "10.1.0.0/", says: "goes from 0 to 32" },
    { text: "10.1.0.0/-1", says: "goes from 0 to 32" },
    { text: "10.1.0.0/08", says: "goes from 0 to 32" },
    { text: "fd00::/129", says: "the prefix length of an IPv6 range goes from 0 to 128" },
    { text: "10.1.0.5", says: 'for this one address write "10.1.0.5/32"' },
    { text: "::1", says: 'for this one address write "::1/128"' },
    { text: "10.1.2.3/16", says: "it has bits set after its first 16" },
    { text: "10.1.0.0/16/8", says: 'such as "10.1.0.0/16"' },
    { text: "intranet/8", says: 'such as "10.1.0.0/16"' },
    { text: "fe80::%eth0/10", says: 'such as "10.1.0.0/16"' },
    { text: "", says: 'such as "10.1.0.0/16"' },
  ])("refuses $text", ({ text, says }) => {
    expect(() => parseRange(text, "network.allow[3]")).toThrow(
      expect.objectContaining({
        code: "invalid_options",
        param: "network.allow[3]",
        message: expect.stringMatching(/^network\.allow\[3\] /),
      }),
    );
    expect(() => parseRange(text, "network.allow[3]")).toThrow(says);
  });

  it.each([
    {
      range: "10.1.0.0/16",
      inside: ["10.1.0.0", "10.1.255.255"],
      outside: ["10.0.255.255", "10.2.0.0", "::ffff:10.1.0.0"],
    },
    {
      range: "192.168.1.128/25",
      inside: ["192.168.1.128", "192.168.1.255"],
      outside: ["192.168.1.127", "192.168.2.128"],
    },
    { range: "127.0.0.1/32", inside: ["127.0.0.1"], outside: ["127.0.0.0", "127.0.0.2"] },
    { range: "0.0.0.0/0", inside: ["0.0.0.0", "255.255.255.255"], outside: ["::"] },
    { range: "fc00::/7", inside: ["fc00::", "fdff:ffff::1"], outside: ["fbff::1", "fe00::"] },
    { range: "::1/128", inside: ["::1"], outside: ["::", "::2", "0.0.0.1"] },
  ])("holds exactly the addresses of $range", ({ range, inside, outside }) => {
    const contains = (text: string): boolean => {
      const address = parseAddress(text);
      return address !== null && rangeContains(parseRange(range, "range"), address);
    };
    expect(inside.filter((text) => !contains(text))).toEqual([]);
    expect(outside.filter(contains)).toEqual([]);
  });
});

describe("classifyAddress", () => {
  it.each([
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "168.63.129.17",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2000::1",
    "2001:200::1",
    "2001:db7:ffff::1",
    "2001:db9::1",
    "2003::1",
    "2606:4700:4700::1111",
    "2a00:1450:4001:81b::200e",
    "3ffe:ffff::1",
  ])("takes %s for public", (text) => {
    expect(classifyAddress(text)).toEqual({ public: true });
  });

  it.each([
    { text: "0.0.0.0", range: "this network 0.0.0.0/8" },
    { text: "10.255.255.255", range: "private 10.0.0.0/8" },
    { text: "100.64.0.0", range: "shared (carrier-grade NAT) 100.64.0.0/10" },
    { text: "100.127.255.255", range: "shared (carrier-grade NAT) 100.64.0.0/10" },
    { text: "127.255.255.254", range: "loopback 127.0.0.0/8" },
    { text: "168.63.129.16", range: "cloud host agent 168.63.129.16/32" },
    { text: "169.254.169.254", range: "link-local 169.254.0.0/16" },
    { text: "172.31.255.255", range: "private 172.16.0.0/12" },
    { text: "192.0.0.170", range: "protocol assignments 192.0.0.0/24" },
    { text: "192.0.2.1", range: "documentation 192.0.2.0/24" },
    { text: "192.31.196.1", range: "AS112 192.31.196.0/24" },
    { text: "192.52.193.1", range: "AMT 192.52.193.0/24" },
    { text: "192.88.99.1", range: "6to4 relay 192.88.99.0/24" },
    { text: "192.168.0.1", range: "private 192.168.0.0/16" },
    { text: "192.175.48.1", range: "AS112 192.175.48.0/24" },
    { text: "198.19.255.255", range: "benchmarking 198.18.0.0/15" },
    { text: "198.51.100.1", range: "documentation 198.51.100.0/24" },
    { text: "203.0.113.1", range: "documentation 203.0.113.0/24" },
    { text: "224.0.0.1", range: "multicast 224.0.0.0/4" },
    { text: "239.255.255.255", range: "multicast 224.0.0.0/4" },
    { text: "240.0.0.1", range: "reserved 240.0.0.0/4" },
    { text: "255.255.255.255", range: "broadcast 255.255.255.255/32" },
    { text: "::", range: "unspecified ::/128" },
    { text: "::1", range: "loopback ::1/128" },
    { text: "::127.0.0.1", range: "IPv4-compatible ::/96" },
    { text: "::ffff:127.0.0.1", range: "IPv4-mapped ::ffff:0:0/96" },
    { text: "::ffff:8.8.8.8", range: "IPv4-mapped ::ffff:0:0/96" },
    { text: "::ffff:0:127.0.0.1", range: "IPv4-translated (SIIT) ::ffff:0:0:0/96" },
    { text: "64:ff9b::169.254.169.254", range: "NAT64 64:ff9b::/96" },
    { text: "64:ff9b:1::1", range: "local-use NAT64 64:ff9b:1::/48" },
    { text: "64:ff9b:0:1::1", range: "outside of global unicast 2000::/3" },
    { text: "100::1", range: "discard-only 100::/64" },
    { text: "100:0:0:1::1", range: "dummy prefix 100:0:0:1::/64" },
    { text: "1fff:ffff::1", range: "outside of global unicast 2000::/3" },
    { text: "2001::1", range: "Teredo 2001::/32" },
    { text: "2001:2::1", range: "benchmarking 2001:2::/48" },
    { text: "2001:10::1", range: "ORCHID 2001:10::/28" },
    { text: "2001:2f:ffff::1", range: "ORCHIDv2 2001:20::/28" },
    { text: "2001:1ff:ffff::1", range: "protocol assignments 2001::/23" },
    { text: "2001:db8:ffff::1", range: "documentation 2001:db8::/32" },
    { text: "2002:808:808::1", range: "6to4 2002::/16" },
    { text: "2620:4f:8000::1", range: "AS112 2620:4f:8000::/48" },
    { text: "2a00::5efe:7f00:1", range: "ISATAP interface id" },
    { text: "2a00::200:5efe:7f00:1", range: "ISATAP interface id" },
    { text: "3fff:fff:ffff::1", range: "documentation 3fff::/20" },
    { text: "4000::1", range: "outside of global unicast 2000::/3" },
    { text: "5f00::1", range: "segment routing 5f00::/16" },
    { text: "fd00:ec2::254", range: "unique local fc00::/7" },
    { text: "fe80::1", range: "link-local fe80::/10" },
    { text: "fec0::1", range: "site-local fec0::/10" },
    { text: "ff02::1", range: "multicast ff00::/8" },
    { text: "fe80::1%eth0", range: "not an IP address" },
    { text: "localhost", range: "not an IP address" },
  ])("does not take $text for public ($range)", ({ text, range }) => {
    expect(classifyAddress(text)).toEqual({ public: false, range });
  });

  it("never takes IPv6 outside of 2000::/3 for public, whatever the bits", () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const first = bytesOf(text)?.[0] ?? 0;
        if ((first & 0xe0) !== 0x20) expect(classifyAddress(text).public).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});
