import type { AddressRange } from "./address.ts";
import { parseAddress, rangeContains } from "./address.ts";
import { OuthookError } from "./errors.ts";
import { isLocalhost, localhostAddresses, nameFault, specialDomainOf } from "./host-name.ts";
import type { NameResolver, NetworkOptions } from "./network-options.ts";
import { parseNetworkOptions } from "./network-options.ts";
import { createOwnAddresses } from "./own-addresses.ts";
import { shown } from "./shown.ts";
import { classifyAddress } from "./special-addresses.ts";

/** Whether a request may go to an address and a port. */
export type AddressVerdict =
  | { readonly allowed: true }
  | {
      readonly allowed: false;
      readonly code: "blocked_address" | "invalid_url";
      /** Follows the host in a message; anybody may read it. */
      readonly fault: string;
      /** For operators, never for tenants: the address, the range that it lies in, and the option that opens it. */
      readonly hint: string;
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
  /** Whether an address literal may be dialled on a port. */
  readonly checkAddress: (address: string, port: number) => AddressVerdict;
  /** Certificates in PEM to trust in addition. */
  readonly ca: readonly string[];
  /** Whom to ask for addresses; `null` for the system's resolver. */
  readonly resolver: NameResolver | null;
};

/** Where a host was found, for messages: `host` as it was written. */
type Place = { readonly param: string; readonly host: string; readonly port: number };

/** Longest URL, in characters. */
const maxUrlLength = 2_048;
/** Most ports that a message lists. */
const maxPortsShown = 10;

const example = '"https://hooks.example.com/path"';

/**
 * Checks the network options once.
 *
 * @param isOwn Whether this machine has an address. Those are closed too, lest its own services become receivers.
 * @throws OuthookError `invalid_options` naming the option.
 *
 * @example
 * createNetworkPolicy({ allow: ["127.0.0.0/8"], allowHttp: true }).checkUrl("http://localhost:3000/hook", "url");
 */
export function createNetworkPolicy(
  options: NetworkOptions = {},
  isOwn: (address: string) => boolean = createOwnAddresses(),
): NetworkPolicy {
  const { allow, deny, ports, allowHttp, ca, resolver } = parseNetworkOptions(options);

  const checkPort = (port: number): AddressVerdict =>
    ports === "any" || ports.has(port) ? { allowed: true } : closedPort(port, [...ports]);

  const checkAddress: NetworkPolicy["checkAddress"] = (text, port) => {
    const denied = rangeOf(text, deny);
    if (denied !== undefined) return notPublic(`${text} is in ${denied.text}, which network.deny closes`);
    if (rangeOf(text, allow) !== undefined) return { allowed: true };
    const addressClass = classifyAddress(text);
    if (!addressClass.public) return notPublic(whyClosed(text, addressClass.range));
    if (isOwn(text)) return notPublic(`${text} is an address of this machine; ${opening(text)}`);
    return checkPort(port);
  };

  const checkLiteral = (literal: string, { param, host, port }: Place): void => {
    const verdict = checkAddress(literal, port);
    if (verdict.allowed) return;
    if (verdict.code === "invalid_url") throw refusedPort(param, host, verdict);
    throw blocked(param, host, "is not a public address", verdict.hint);
  };

  const checkName = (name: string, { param, host, port }: Place): void => {
    const fault = nameFault(name);
    if (fault !== null) throw invalidUrl(param, `has a host, ${shown(host)}, that ${fault}`);
    if (isLocalhost(name)) {
      if (localhostAddresses.some((address) => checkAddress(address, port).allowed)) return;
      throw blocked(param, host, "is not a public name", opening("127.0.0.1"));
    }
    // The address of a name may turn out to be open, whatever the name is and on every port.
    if (allow.length > 0) return;
    const domain = specialDomainOf(name);
    if (domain !== null) throw blocked(param, host, specialNameFault(domain), openingRange("<its range>"));
    const verdict = checkPort(port);
    if (!verdict.allowed) throw refusedPort(param, host, verdict);
  };

  const checkUrl: NetworkPolicy["checkUrl"] = (text, param) => {
    const { url, host } = parseUrl(text, param);
    if (url.protocol === "http:" && !allowHttp) {
      const hint = "the operator can open plain HTTP with network: { allowHttp: true }";
      throw invalidUrl(param, `${shown(text)} is not HTTPS; use https://`, hint);
    }
    const place: Place = { param, host, port: portOf(url) };
    const literal = literalOf(url.hostname);
    if (literal !== null) {
      checkLiteral(literal, place);
      return url;
    }
    // One form of the name, so that Host header, certificate check and connection pool agree.
    if (url.hostname.endsWith(".")) url.hostname = url.hostname.slice(0, -1);
    checkName(url.hostname, place);
    return url;
  };

  return { checkUrl, checkAddress, ca, resolver };
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

function portOf({ port, protocol }: URL): number {
  if (port !== "") return Number(port);
  return protocol === "https:" ? 443 : 80;
}

function rangeOf(text: string, ranges: readonly AddressRange[]): AddressRange | undefined {
  const address = parseAddress(text);
  return address === null ? undefined : ranges.find((range) => rangeContains(range, address));
}

type Refusal = Extract<AddressVerdict, { readonly allowed: false }>;

function notPublic(hint: string): Refusal {
  return { allowed: false, code: "blocked_address", fault: "leads to an address that is not public", hint };
}

function closedPort(port: number, open: readonly number[]): Refusal {
  const shownPorts = [...open.slice(0, maxPortsShown), ...(open.length > maxPortsShown ? ["…"] : [])];
  const advice = open.length === 0 ? "" : `; use ${shownPorts.join(", ")}`;
  return {
    allowed: false,
    code: "invalid_url",
    fault: `may not be reached on port ${port}${advice}`,
    hint: `the operator can open it with network: { ports: [${[...shownPorts, port].join(", ")}] }`,
  };
}

function whyClosed(text: string, range: string): string {
  // A resolver that the host brought may answer anything.
  return parseAddress(text) === null ? `${shown(text)} is ${range}` : `${text} is ${range}; ${opening(text)}`;
}

function opening(address: string): string {
  return openingRange(`${address}/${address.includes(":") ? 128 : 32}`);
}

function openingRange(range: string): string {
  return `the operator can open it with network: { allow: ["${range}"] }`;
}

function invalidUrl(param: string, fault: string, hint?: string): OuthookError {
  return new OuthookError("invalid_url", `${param} ${fault}`, { param, hint });
}

/** `host` is the tenant's own text; what it resolves or folds to is for the operator alone. */
function blocked(param: string, host: string, fault: string, hint: string): OuthookError {
  return new OuthookError(
    "blocked_address",
    `${param} has the host ${shown(host)}, which ${fault}; name one that the internet can reach`,
    { param, hint },
  );
}

function refusedPort(param: string, host: string, { fault, hint }: Refusal): OuthookError {
  return invalidUrl(param, `has the host ${shown(host)}, which ${fault}`, hint);
}

function specialNameFault(domain: string): string {
  return domain === "" ? "is not a public name, having no domain" : `is not a public name, ending in .${domain}`;
}
