import { networkInterfaces } from "node:os";
import { parseAddress } from "./address.ts";
import { systemClock } from "./clock.ts";

/** How long a list of the interfaces' addresses serves: reading it takes about 0.1 ms. */
const staleAfterMs = 5_000;

type Interfaces = Readonly<Record<string, readonly { readonly address: string }[] | undefined>>;

/**
 * Tells of an address literal whether this machine has it on a network interface now, or had it up to 5 s ago. Addresses
 * that a router or a load balancer translates to this machine are on none of its interfaces.
 *
 * Where the platform does not tell, those known before count, or none.
 *
 * @example
 * createOwnAddresses()("127.0.0.1"); // true
 */
export function createOwnAddresses(
  source: { readonly interfaces: () => Interfaces; readonly monotonic: () => number } = {
    interfaces: networkInterfaces,
    monotonic: systemClock.monotonic,
  },
): (address: string) => boolean {
  let known: ReadonlySet<string> = new Set();
  let readAt = -Infinity;

  const read = (): ReadonlySet<string> => {
    try {
      const addresses = Object.values(source.interfaces()).flatMap((one) => one ?? []);
      return new Set(addresses.flatMap(({ address }) => keyOf(address) ?? []));
    } catch {
      return known;
    }
  };

  return (address) => {
    const now = source.monotonic();
    if (now - readAt >= staleAfterMs) {
      readAt = now;
      known = read();
    }
    const key = keyOf(address);
    return key !== null && known.has(key);
  };
}

/** One text for all spellings of an address. Some platforms append the zone to a link-local one. */
function keyOf(text: string): string | null {
  const [literal = ""] = text.split("%");
  return parseAddress(literal)?.bytes.join(".") ?? null;
}
