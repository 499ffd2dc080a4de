import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Address, AddressRange } from "../src/address.ts";
import { parseAddress, parseRange, rangeContains } from "../src/address.ts";
import { classifyAddress } from "../src/special-addresses.ts";

/**
 * IANA's special-purpose address registries as published on 2026-07-18, from
 * https://www.iana.org/assignments/iana-ipv4-special-registry and …/iana-ipv6-special-registry. A newer copy that makes
 * a test here fail names the row that `special-addresses.ts` lacks.
 */
const files = ["iana-ipv4-special-registry.csv", "iana-ipv6-special-registry.csv"];

type Row = { readonly block: string; readonly name: string; readonly isReachable: boolean };

/** What IANA calls globally reachable, and why it is closed to webhooks all the same. */
const closedThoughReachable: Readonly<Record<string, string>> = {
  "192.0.0.9/32": "answered by the nearest router: port control",
  "192.0.0.10/32": "answered by the nearest relay: TURN",
  "192.31.196.0/24": "answered by the nearest name server: AS112",
  "192.52.193.0/24": "answered by the nearest multicast relay: AMT",
  "192.175.48.0/24": "answered by the nearest name server: AS112",
  "64:ff9b::/96": "leads to any IPv4 address, private ones too, through a NAT64 gateway",
  "2001:1::1/128": "answered by the nearest router: port control",
  "2001:1::2/128": "answered by the nearest relay: TURN",
  "2001:1::3/128": "answered by the nearest registrar: DNS-SD",
  "2001:3::/32": "answered by the nearest multicast relay: AMT",
  "2001:4:112::/48": "answered by the nearest name server: AS112",
  "2001:20::/28": "no addresses but hashes: ORCHIDv2",
  "2001:30::/28": "no addresses but tags of drones",
  "2620:4f:8000::/48": "answered by the nearest name server: AS112",
};

/** What is closed although neither registry lists it. */
const closedBesides: readonly string[] = [
  "168.63.129.16/32", // Azure's host agent
  "224.0.0.0/4", // multicast has registries of its own
];

const rows = files.flatMap((file) => rowsOf(readFileSync(new URL(`fixtures/${file}`, import.meta.url), "utf8")));
const blocks = rows.map(({ block }) => parseRange(block, block));

describe("the table of special addresses against IANA's registries", () => {
  it("has read both", () => {
    expect(rows.length).toBe(51);
    expect(rows.filter(({ isReachable }) => !isReachable).length).toBe(37);
  });

  it.each(rows)("closes $block ($name) from its first to its last address", ({ block }) => {
    const range = parseRange(block, block);
    expect([firstOf(range), lastOf(range)].map((address) => classifyAddress(textOf(address)).public)).toEqual([
      false,
      false,
    ]);
  });

  it("has a reason for each that it closes though it is globally reachable", () => {
    const reachable = rows.filter(({ isReachable }) => isReachable).map(({ block }) => block);
    expect(reachable).toEqual(Object.keys(closedThoughReachable));
  });

  it("closes no neighbour of a block that is in no other, within unicast IPv4 and global unicast IPv6", () => {
    const usable = ["0.0.0.0/0", "2000::/3"].map((text) => parseRange(text, text));
    const closed = [...blocks, ...closedBesides.map((text) => parseRange(text, text))];
    const open = blocks
      .flatMap((range) => [neighbour(firstOf(range), -1), neighbour(lastOf(range), 1)])
      .filter((address) => isIn(usable, address) && !isIn(closed, address));
    expect(open.length).toBeGreaterThan(30);
    expect(open.map(textOf).filter((text) => !classifyAddress(text).public)).toEqual([]);
  });
});

/** The rows of a registry: cells in quotes may hold commas, quotes and line ends, a cell several blocks, and footnotes. */
function rowsOf(text: string): readonly Row[] {
  const lines = text.match(/(?:"(?:[^"]|"")*"|[^"\n])+/g) ?? [];
  return lines.slice(1).flatMap((line) => {
    const cells = [...line.matchAll(/(?:^|,)("(?:[^"]|"")*"|[^,]*)/g)].map(([, cell = ""]) => cell.replaceAll('"', ""));
    const [list = "", name = ""] = cells;
    const isReachable = cells[8] === "True";
    return list.split(", ").map((block) => ({ block: block.replace(/ \[\d+\]$/, ""), name, isReachable }));
  });
}

function isIn(ranges: readonly AddressRange[], address: Address): boolean {
  return ranges.some((range) => rangeContains(range, address));
}

function firstOf({ family, bytes }: AddressRange): Address {
  return { family, bytes };
}

function lastOf({ family, bytes, prefixLength }: AddressRange): Address {
  const freeBits = (index: number): number => Math.min(Math.max((index + 1) * 8 - prefixLength, 0), 8);
  return { family, bytes: bytes.map((byte, index) => byte | (2 ** freeBits(index) - 1)) };
}

function neighbour({ family, bytes }: Address, step: 1 | -1): Address {
  const size = 2n ** BigInt(bytes.length * 8);
  const value = (bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n) + BigInt(step) + size) % size;
  return { family, bytes: bytes.map((_, index) => Number((value >> BigInt((bytes.length - 1 - index) * 8)) & 255n)) };
}

function textOf({ family, bytes }: Address): string {
  if (family === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, n) =>
    ((bytes[n * 2] ?? 0) * 256 + (bytes[n * 2 + 1] ?? 0)).toString(16),
  );
  const text = groups.join(":");
  expect(parseAddress(text)?.bytes).toEqual(bytes);
  return text;
}
