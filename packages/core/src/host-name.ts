/**
 * Domains that never lead to a public receiver: reserved ones (RFC 6761, RFC 6762 with its appendix G, RFC 7686,
 * RFC 8375, RFC 9476, ICANN for `internal`), and those that private networks use. `example` and `invalid` are not among
 * them, since they resolve to nothing anyway.
 */
const specialDomains: ReadonlySet<string> = new Set([
  "alt",
  "arpa",
  "corp",
  "home",
  "internal",
  "intranet",
  "lan",
  "local",
  "localdomain",
  "onion",
  "private",
  "test",
]);

/** Why a host name, as the URL parser leaves it, is none, to follow the name in a message; `null` when it is one. */
export function nameFault(name: string): string | null {
  if (name.length > 253) return `has ${name.length} characters, and a name has at most 253`;
  const isWellFormed = name.split(".").every((label) => /^(?!xn--$)[a-z0-9_-]{1,63}$/.test(label));
  return isWellFormed ? null : 'is not labels of 1 to 63 letters, digits, "-" or "_" with single dots between them';
}

/** What `localhost` means. */
export const localhostAddresses: readonly string[] = ["::1", "127.0.0.1"];

/** True for `localhost` and every name below it, which mean this machine (RFC 6761 §6.3). */
export function isLocalhost(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost");
}

/** The domain that keeps a name from being public: `internal`, or the empty text for a name of one label. */
export function specialDomainOf(name: string): string | null {
  const [domain = "", ...others] = name.split(".").toReversed();
  if (others.length === 0) return "";
  return specialDomains.has(domain) ? domain : null;
}
