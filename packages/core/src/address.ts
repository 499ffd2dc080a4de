import { OuthookError } from "./errors.ts";
import { shown } from "./shown.ts";

/** An IP address as bytes, so that no spelling of it can slip past a comparison of text. */
export type Address = {
  readonly family: 4 | 6;
  /** 4 or 16 bytes in network order. */
  readonly bytes: readonly number[];
};

/** A block of addresses in CIDR notation. */
export type AddressRange = {
  readonly family: 4 | 6;
  readonly bytes: readonly number[];
  /** Leading bits that an address must share with `bytes`. */
  readonly prefixLength: number;
  /** As written, such as `10.1.0.0/16`. */
  readonly text: string;
};

/**
 * Reads an IP address literal: dotted decimal IPv4, or IPv6 (RFC 4291 §2.2) without brackets.
 *
 * Returns `null` for everything else, also for the other spellings that a C library may take for IPv4 (octal,
 * hexadecimal, fewer than four parts), and for IPv6 with a zone id.
 *
 * @example
 * parseAddress("::1")?.bytes.at(-1); // 1
 */
export function parseAddress(text: string): Address | null {
  const bytes = text.includes(":") ? bytesOfIpv6(text) : bytesOfIpv4(text);
  return bytes === null ? null : { family: bytes.length === 4 ? 4 : 6, bytes };
}

/**
 * Reads a range in CIDR notation.
 *
 * @param param Where the text came from, for the message: `network.allow[0]`.
 * @throws OuthookError `invalid_options` when it is no range, or has bits set to the right of its prefix.
 *
 * @example
 * parseRange("10.1.0.0/16", "network.allow[0]");
 */
export function parseRange(text: string, param: string): AddressRange {
  const [head = "", length, ...rest] = text.split("/");
  const address = parseAddress(head);
  if (address === null || rest.length > 0) {
    throw invalidRange(text, param, 'it must be an IPv4 or IPv6 range such as "10.1.0.0/16" or "fd00::/8"');
  }
  const bits = address.bytes.length * 8;
  if (length === undefined) {
    throw invalidRange(text, param, `it has no prefix length; for this one address write "${head}/${bits}"`);
  }
  const prefixLength = /^(0|[1-9]\d{0,2})$/.test(length) ? Number(length) : Number.NaN;
  if (!(prefixLength <= bits)) {
    throw invalidRange(text, param, `the prefix length of an IPv${address.family} range goes from 0 to ${bits}`);
  }
  if (address.bytes.some((byte, index) => (byte & ~maskByte(prefixLength, index)) !== 0)) {
    throw invalidRange(
      text,
      param,
      `it has bits set after its first ${prefixLength}; write the first address of the range`,
    );
  }
  return { family: address.family, bytes: address.bytes, prefixLength, text };
}

/** Whether an address lies in a range. An IPv4 range holds no IPv6 address, also none that embeds an IPv4 address. */
export function rangeContains(range: AddressRange, address: Address): boolean {
  return (
    range.family === address.family &&
    range.bytes.every((byte, index) => ((address.bytes[index] ?? 0) & maskByte(range.prefixLength, index)) === byte)
  );
}

/** The bits of byte `index` that a prefix of this length covers. */
function maskByte(prefixLength: number, index: number): number {
  const covered = Math.min(Math.max(prefixLength - index * 8, 0), 8);
  return (0xff << (8 - covered)) & 0xff;
}

function bytesOfIpv4(text: string): readonly number[] | null {
  const parts = text.split(".");
  const isDecimal = parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
  return parts.length === 4 && isDecimal ? parts.map(Number) : null;
}

function bytesOfIpv6(text: string): readonly number[] | null {
  const halves = text.split("::");
  const [head, tail] = halves.map(bytesOfGroups);
  if (halves.length > 2 || !head || tail === null) return null;
  if (tail === undefined) return head.length === 16 ? head : null;
  const zeros = 16 - head.length - tail.length;
  const embedsIpv4InHead = (halves[0] ?? "").includes(".");
  return zeros >= 2 && !embedsIpv4InHead ? [...head, ...Array.from({ length: zeros }, () => 0), ...tail] : null;
}

/** The bytes of groups between colons, the last of which may be an IPv4 address. */
function bytesOfGroups(text: string): readonly number[] | null {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [index, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
      continue;
    }
    const ipv4 = index === groups.length - 1 ? bytesOfIpv4(group) : null;
    if (ipv4 === null) return null;
    bytes.push(...ipv4);
  }
  return bytes;
}

function invalidRange(text: string, param: string, reason: string): OuthookError {
  return new OuthookError("invalid_options", `${param} ${shown(text)} is refused: ${reason}`, { param });
}
