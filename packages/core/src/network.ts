import { X509Certificate } from "node:crypto";
import type { AddressRange } from "./address.ts";
import { parseAddress, parseRange, rangeContains } from "./address.ts";
import { OuthookError } from "./errors.ts";
import { isLocalhost, localhostAddresses, nameFault, specialDomainOf } from "./host-name.ts";
import { shown } from "./shown.ts";
import { classifyAddress } from "./special-addresses.ts";

/** Where requests may go. Without any option: public addresses, over HTTPS. */
export type NetworkOptions = {
  /**
   * CIDR ranges that are open although they are not public, on every port: `["10.1.0.0/16", "::1/128"]`.
   *
   * They are compared with the addresses that are dialled, never with names. `localhost` and the names below it need
   * 127.0.0.1 or ::1 to be open; names that only a private network knows (`intranet`, `billing.internal`) need any
   * range here, and their addresses then decide.
   */
  readonly allow?: readonly string[] | undefined;
  /** Whether `http:` URLs are accepted too. Bodies and signatures then travel readable. Default `false`. */
  readonly allowHttp?: boolean | undefined;
  /** Certificates in PEM that receivers' certificates may be signed by, beside those the process trusts anyway. */
  readonly ca?: string | readonly string[] | undefined;
};

/** The one decision on where requests may go, the same at creation, at update and before each attempt. */
export type NetworkPolicy = {
  /**
   * Reads an endpoint's URL; `href` of what it returns is the form to store and to send to. Looks no name up, so that an
   * accepted URL can still be refused when it is dialled.
   *
   * @param param Where the text came from, for the message.
   * @throws OuthookError `invalid_url`, or `blocked_address` when the host is not public and not open.
   */
  readonly checkUrl: (text: unknown, param: string) => URL;
  /** Whether an address literal may be dialled; `range` is for operators, never for tenants. */
  readonly checkAddress: (
    address: string,
  ) => { readonly allowed: true } | { readonly allowed: false; readonly range: string };
  /** Certificates in PEM to trust in addition. */
  readonly ca: readonly string[];
};

/** Longest URL, in characters. */
const maxUrlLength = 2_048;

const example = '"https://hooks.example.com/path"';

/**
 * Checks the network options once.
 *
 * @throws OuthookError `invalid_options` naming the option.
 *
 * @example
 * createNetworkPolicy({ allow: ["127.0.0.0/8"], allowHttp: true }).checkUrl("http://localhost:3000/hook", "url");
 */
export function createNetworkPolicy(options: NetworkOptions = {}): NetworkPolicy {
  const ranges = rangesOf(options.allow ?? []);
  const allowHttp = flagOf(options.allowHttp ?? false);
  const ca = certificatesOf(options.ca ?? []);

  const checkAddress: NetworkPolicy["checkAddress"] = (text) => {
    const addressClass = classifyAddress(text);
    if (addressClass.public || isOpen(text, ranges)) return { allowed: true };
    return { allowed: false, range: addressClass.range };
  };

  const checkUrl: NetworkPolicy["checkUrl"] = (text, param) => {
    const { url, host } = parseUrl(text, param);
    if (url.protocol === "http:" && !allowHttp) {
      const hint = "the operator can open plain HTTP with network: { allowHttp: true }";
      throw invalidUrl(param, `${shown(text)} is not HTTPS; use https://`, hint);
    }
    const literal = literalOf(url.hostname);
    if (literal !== null) {
      if (!checkAddress(literal).allowed) throw blocked(param, host, "is not a public address", rangeOf(literal));
      return url;
    }
    // One form of the name, so that Host header, certificate check and connection pool agree.
    if (url.hostname.endsWith(".")) url.hostname = url.hostname.slice(0, -1);
    const fault = nameFault(url.hostname);
    if (fault !== null) throw invalidUrl(param, `has a host, ${shown(host)}, that ${fault}`);
    if (isLocalhost(url.hostname)) {
      if (!localhostAddresses.some((address) => checkAddress(address).allowed))
        throw blocked(param, host, "is not a public name", "127.0.0.1/32");
      return url;
    }
    const domain = specialDomainOf(url.hostname);
    if (domain !== null && ranges.length === 0) throw blocked(param, host, specialNameFault(domain), "<its range>");
    return url;
  };

  return { checkUrl, checkAddress, ca };
}

function parseUrl(text: unknown, param: string): { readonly url: URL; readonly host: string } {
  if (typeof text !== "string") throw invalidUrl(param, `is ${shown(text)}; a URL is a string such as ${example}`);
  if (text.length > maxUrlLength) {
    throw invalidUrl(param, `has ${text.length} characters; at most ${maxUrlLength} are allowed`);
  }
  const [, scheme = "", authority = ""] = /^(https?):\/\/([^/?#]+)/i.exec(text) ?? [];
  // Not shown: it may be a password.
  if (authority.includes("@")) {
    throw invalidUrl(param, "has a user name or password before its host; remove it up to the @");
  }
  const fault = spellingFault(text, scheme);
  if (fault !== null) throw invalidUrl(param, `${shown(text)} ${fault}`);
  const url = URL.parse(text);
  if (url === null) throw invalidUrl(param, `${shown(text)} is not a valid URL; check its host and its port`);
  // The form that is stored and sent to: a letter outside of ASCII takes up to nine characters there.
  if (url.href.length > maxUrlLength) {
    throw invalidUrl(param, `has ${url.href.length} characters when encoded; at most ${maxUrlLength} are allowed`);
  }
  if (url.port === "0") throw invalidUrl(param, `${shown(text)} has port 0, on which nothing can listen; name another`);
  return { url, host: authority.replace(/:\d*$/, "") };
}

/** What the WHATWG parser would repair or accept, but nobody means who configures a webhook. */
function spellingFault(text: string, scheme: string): string | null {
  // The parser drops tabs and line ends, trims spaces and turns backslashes into slashes.
  if (/[\p{C}\p{Z}\\]/u.test(text)) {
    return "holds a space, an invisible character or a backslash; remove or percent-encode it";
  }
  if (scheme === "") return `does not start with https:// and a host, as ${example} does`;
  return text.includes("#") ? "has a fragment, which is never sent; remove it from the # on" : null;
}

/** The address that a URL's host spells, or `null` for a name. The URL parser has folded every spelling into one. */
function literalOf(hostname: string): string | null {
  if (hostname.startsWith("[")) return hostname.slice(1, -1);
  return parseAddress(hostname) === null ? null : hostname;
}

function isOpen(text: string, ranges: readonly AddressRange[]): boolean {
  const address = parseAddress(text);
  return address !== null && ranges.some((range) => rangeContains(range, address));
}

function rangesOf(allow: unknown): readonly AddressRange[] {
  if (!Array.isArray(allow)) {
    throw invalidOption("network.allow", `is ${shown(allow)}; it must be a list of ranges such as ["10.1.0.0/16"]`);
  }
  return allow.map((text: unknown, index) => {
    const param = `network.allow[${index}]`;
    if (typeof text !== "string") throw invalidOption(param, `is ${shown(text)}; write a range such as "10.1.0.0/16"`);
    return parseRange(text, param);
  });
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

function invalidUrl(param: string, fault: string, hint?: string): OuthookError {
  return new OuthookError("invalid_url", `${param} ${fault}`, { param, hint });
}

/** `host` is the tenant's own text; what it resolves or folds to is for the operator alone. */
function blocked(param: string, host: string, fault: string, range: string): OuthookError {
  return new OuthookError(
    "blocked_address",
    `${param} has the host ${shown(host)}, which ${fault}; name one that the internet can reach`,
    { param, hint: `the operator can open it with network: { allow: ["${range}"] }` },
  );
}

function rangeOf(literal: string): string {
  return `${literal}/${literal.includes(":") ? 128 : 32}`;
}

function specialNameFault(domain: string): string {
  return domain === "" ? "is not a public name, having no domain" : `is not a public name, ending in .${domain}`;
}
