import type { Address, AddressRange } from "./address.ts";
import { parseAddress, parseRange, rangeContains } from "./address.ts";

/** Whether an address is public, and if not, the range that says so: `loopback 127.0.0.0/8`. */
export type AddressClass = { readonly public: true } | { readonly public: false; readonly range: string };

const publicAddress: AddressClass = { public: true };

/**
 * IPv4: every row of the IANA special-purpose registry, also those that IANA calls globally reachable, since no
 * receiver of webhooks lives there; multicast; class E; and the one public address that reaches a cloud's host agent.
 */
const ipv4Rows: readonly AddressClassRow[] = rows({
  "0.0.0.0/8": "this network",
  "10.0.0.0/8": "private",
  "100.64.0.0/10": "shared (carrier-grade NAT)",
  "127.0.0.0/8": "loopback",
  "168.63.129.16/32": "cloud host agent",
  "169.254.0.0/16": "link-local",
  "172.16.0.0/12": "private",
  "192.0.0.0/24": "protocol assignments",
  "192.0.2.0/24": "documentation",
  "192.31.196.0/24": "AS112",
  "192.52.193.0/24": "AMT",
  "192.88.99.0/24": "6to4 relay",
  "192.168.0.0/16": "private",
  "192.175.48.0/24": "AS112",
  "198.18.0.0/15": "benchmarking",
  "198.51.100.0/24": "documentation",
  "203.0.113.0/24": "documentation",
  "224.0.0.0/4": "multicast",
  "255.255.255.255/32": "broadcast",
  "240.0.0.0/4": "reserved",
});

/**
 * IPv6 outside of 2000::/3 is denied whatever it is; these rows only give it a name. Nothing that embeds an IPv4
 * address is decoded: every such form is denied as a whole.
 */
const ipv6NamedRows: readonly AddressClassRow[] = rows({
  "::/128": "unspecified",
  "::1/128": "loopback",
  "::/96": "IPv4-compatible",
  "::ffff:0:0/96": "IPv4-mapped",
  "::ffff:0:0:0/96": "IPv4-translated (SIIT)",
  "64:ff9b::/96": "NAT64",
  "64:ff9b:1::/48": "local-use NAT64",
  "100::/64": "discard-only",
  "100:0:0:1::/64": "dummy prefix",
  "5f00::/16": "segment routing",
  "fc00::/7": "unique local",
  "fe80::/10": "link-local",
  "fec0::/10": "site-local",
  "ff00::/8": "multicast",
});

/** IPv6 inside of 2000::/3 that is denied all the same. */
const ipv6Exceptions: readonly AddressClassRow[] = rows({
  "2001::/32": "Teredo",
  "2001:2::/48": "benchmarking",
  "2001:10::/28": "ORCHID",
  "2001:20::/28": "ORCHIDv2",
  "2001::/23": "protocol assignments",
  "2001:db8::/32": "documentation",
  "2002::/16": "6to4",
  "2620:4f:8000::/48": "AS112",
  "3fff::/20": "documentation",
});

const globalUnicast = parseRange("2000::/3", "globalUnicast");

/**
 * Says whether requests may go to an address when nothing is opened. IPv6 is denied by default: only 2000::/3 without
 * its exceptions is public. What is no address literal, or carries a zone id, is not public.
 *
 * Sources: the IANA IPv4 and IPv6 special-purpose address registries, RFC 5214 (ISATAP).
 *
 * @example
 * classifyAddress("127.0.0.1"); // { public: false, range: "loopback 127.0.0.0/8" }
 */
export function classifyAddress(text: string): AddressClass {
  const address = parseAddress(text);
  if (address === null) return { public: false, range: "not an IP address" };
  if (address.family === 4) return firstMatch(ipv4Rows, address) ?? publicAddress;
  if (!rangeContains(globalUnicast, address))
    return firstMatch(ipv6NamedRows, address) ?? { public: false, range: "outside of global unicast 2000::/3" };
  if (isIsatap(address)) return { public: false, range: "ISATAP interface id" };
  return firstMatch(ipv6Exceptions, address) ?? publicAddress;
}

type AddressClassRow = { readonly range: AddressRange; readonly addressClass: AddressClass };

/** The more exact row stands first. */
function rows(names: Readonly<Record<string, string>>): readonly AddressClassRow[] {
  return Object.entries(names).map(([text, name]) => ({
    range: parseRange(text, "special address"),
    addressClass: { public: false, range: `${name} ${text}` },
  }));
}

function firstMatch(candidates: readonly AddressClassRow[], address: Address): AddressClass | undefined {
  return candidates.find(({ range }) => rangeContains(range, address))?.addressClass;
}

/** An interface id of 0000:5efe or 0200:5efe holds an IPv4 address that the next router unpacks. */
function isIsatap({ bytes }: Address): boolean {
  return (bytes[8] === 0 || bytes[8] === 2) && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe;
}
