import { X509Certificate } from "node:crypto";
import type { AddressRange } from "./address.ts";
import { parseRange } from "./address.ts";
import { checkMethods } from "./check-options.ts";
import { OuthookError } from "./errors.ts";
import { shown } from "./shown.ts";

/** Asks name servers. `new Resolver()` of `node:dns/promises` is one. */
export type NameResolver = {
  /** The IPv4 addresses of a name. */
  readonly resolve4: (name: string) => Promise<readonly string[]>;
  /** The IPv6 addresses of a name. */
  readonly resolve6: (name: string) => Promise<readonly string[]>;
};

/** Where requests may go. Without any option: public addresses, over HTTPS, on ports 443, 80, 8443 and 8080. */
export type NetworkOptions = {
  /**
   * CIDR ranges that are open although they are not public, or are this machine's own, on every port:
   * `["10.1.0.0/16", "::1/128"]`.
   *
   * They are compared with the addresses that are dialled, never with names. `localhost` and the names below it need
   * 127.0.0.1 or ::1 to be open; names that only a private network knows (`intranet`, `billing.internal`) need any
   * range here, and their addresses then decide.
   */
  readonly allow?: readonly string[] | undefined;
  /**
   * CIDR ranges that are closed although they are public, also where `allow` opens them: your load balancers' public
   * addresses, or the IPv6 prefix of your own NAT64 gateway, which leads back into IPv4. Default none.
   */
  readonly deny?: readonly string[] | undefined;
  /**
   * Ports of public addresses that requests may go to, or `"any"`. Default `[443, 80, 8443, 8080]`. Without `allow` a
   * URL with another port is refused when it is saved; with it, a name's port is judged when it is dialled.
   */
  readonly ports?: readonly number[] | "any" | undefined;
  /** Whether `http:` URLs are accepted too. Bodies and signatures then travel readable. Default `false`. */
  readonly allowHttp?: boolean | undefined;
  /** Certificates in PEM that receivers' certificates may be signed by, beside those the process trusts anyway. */
  readonly ca?: string | readonly string[] | undefined;
  /**
   * Looks names up instead of the system's resolver, which looks up two names at once in a process and cannot be stopped
   * while name servers are silent. It does not know `/etc/hosts`. Default: the system's resolver.
   *
   * @example
   * createOuthook({ store, secretKeys, network: { resolver: new Resolver({ timeout: 2_000, tries: 2 }) } });
   */
  readonly resolver?: NameResolver | undefined;
};

/** The options with defaults filled in and everything checked. */
export type NetworkSettings = {
  readonly allow: readonly AddressRange[];
  readonly deny: readonly AddressRange[];
  readonly ports: ReadonlySet<number> | "any";
  readonly allowHttp: boolean;
  readonly ca: readonly string[];
  readonly resolver: NameResolver | null;
};

const defaultPorts: readonly number[] = [443, 80, 8443, 8080];

/** Checks the options and fills in the defaults. Throws `invalid_options` naming the option. */
export function parseNetworkOptions(options: NetworkOptions): NetworkSettings {
  checkMethods("network.resolver", options.resolver, ["resolve4", "resolve6"]);
  return {
    allow: rangesOf("network.allow", options.allow ?? []),
    deny: rangesOf("network.deny", options.deny ?? []),
    ports: portsOf(options.ports ?? defaultPorts),
    allowHttp: flagOf(options.allowHttp ?? false),
    ca: certificatesOf(options.ca ?? []),
    resolver: options.resolver ?? null,
  };
}

function rangesOf(option: string, ranges: unknown): readonly AddressRange[] {
  if (!Array.isArray(ranges)) {
    throw invalidOption(option, `is ${shown(ranges)}; it must be a list of ranges such as ["10.1.0.0/16"]`);
  }
  return ranges.map((text: unknown, index) => {
    const param = `${option}[${index}]`;
    if (typeof text !== "string") throw invalidOption(param, `is ${shown(text)}; write a range such as "10.1.0.0/16"`);
    return parseRange(text, param);
  });
}

function portsOf(ports: unknown): ReadonlySet<number> | "any" {
  if (ports === "any") return ports;
  if (!Array.isArray(ports)) {
    throw invalidOption("network.ports", `is ${shown(ports)}; it must be a list such as [443, 8443], or "any"`);
  }
  return new Set(
    ports.map((port: unknown, index) => {
      if (typeof port === "number" && Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
      throw invalidOption(`network.ports[${index}]`, `is ${shown(port)}; a port is a whole number from 1 to 65535`);
    }),
  );
}

function flagOf(allowHttp: unknown): boolean {
  if (typeof allowHttp === "boolean") return allowHttp;
  throw invalidOption("network.allowHttp", `is ${shown(allowHttp)}; it must be true or false`);
}

function certificatesOf(ca: unknown): readonly string[] {
  const certificates: readonly unknown[] = Array.isArray(ca) ? ca : [ca];
  return certificates.map((text, index) => {
    if (typeof text === "string" && areCertificates(text)) return text;
    const param = Array.isArray(ca) ? `network.ca[${index}]` : "network.ca";
    throw invalidOption(
      param,
      'is not a certificate in PEM: pass the text that starts with "-----BEGIN CERTIFICATE-----"',
    );
  });
}

function areCertificates(text: string): boolean {
  const certificates = text.match(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs) ?? [];
  try {
    return certificates.length > 0 && certificates.every((pem) => new X509Certificate(pem).serialNumber !== "");
  } catch {
    return false;
  }
}

function invalidOption(param: string, fault: string): OuthookError {
  return new OuthookError("invalid_options", `${param} ${fault}`, { param });
}
