import { lookup } from "node:dns";
import type { LookupFunction, Socket } from "node:net";
import { connect, isIP } from "node:net";
import type { SecureContext } from "node:tls";
import { connect as connectTls, createSecureContext, getCACertificates } from "node:tls";
import type { buildConnector } from "undici";
import { OuthookError } from "../errors.ts";
import { isLocalhost, localhostAddresses } from "../host-name.ts";
import type { NetworkPolicy } from "../network.ts";

/**
 * Opens one guarded connection and hands it over when it is ready for the first byte of a request. Until then the
 * function that it returns gives up, in whatever state the connection is; `done` is not called after that.
 */
export type Dial = (options: buildConnector.Options, done: buildConnector.Callback) => () => void;

/**
 * The address guard at the last point before the kernel: a literal is checked, a name is resolved once and every answer
 * checked, and the peer of the connected socket is checked again before TLS or HTTP send anything.
 *
 * Nothing here reads a proxy, a Unix socket path or the switch that turns certificate checks off.
 */
export function createDial(policy: NetworkPolicy): Dial {
  const guardedLookup = createGuardedLookup(policy);
  let context: SecureContext | null = null;
  const secureContext = (): SecureContext => {
    // Shared by all connections: reading the root certificates takes longer than a handshake.
    context ??= createSecureContext(
      policy.ca.length === 0 ? {} : { ca: [...getCACertificates("default"), ...policy.ca] },
    );
    return context;
  };

  return ({ hostname, port, protocol }, done) => {
    // net.connect does not call `lookup` for a literal.
    if (isIP(hostname) !== 0 && !policy.checkAddress(hostname).allowed) {
      queueMicrotask(() => done(blocked(hostname), null));
      return () => {};
    }
    // Before the socket exists, since undici takes care of what is thrown here only.
    const tls = protocol === "https:" ? secureContext() : null;
    const socket = connect(
      withoutPrototype({
        host: hostname,
        port: port === "" ? (tls === null ? 80 : 443) : Number(port),
        lookup: guardedLookup,
        autoSelectFamily: true,
        noDelay: true,
      }),
    );
    let current: Socket = socket;
    let ended = false;
    const end = (...result: Parameters<buildConnector.Callback>): void => {
      if (ended) return;
      ended = true;
      if (result[0] !== null) current.destroy();
      done(...result);
    };
    const fail = (error: Error): void => end(error, null);

    socket.on("error", fail).once("connect", () => {
      const peer = socket.remoteAddress;
      if (peer === undefined) return fail(Object.assign(new Error("no peer"), { code: "ENOTCONN" }));
      if (!policy.checkAddress(peer).allowed) return fail(blocked(hostname));
      if (tls === null) return end(null, socket);
      const secured = connectTls({
        socket,
        host: hostname,
        servername: isIP(hostname) === 0 ? hostname : "",
        secureContext: tls,
        ALPNProtocols: ["http/1.1"],
        rejectUnauthorized: true,
      });
      current = secured;
      secured.on("error", fail).once("secureConnect", () => end(null, secured));
    });

    return () => {
      if (ended) return;
      ended = true;
      current.destroy();
    };
  };
}

/** Resolves a name once and answers only if every address may be dialled. */
function createGuardedLookup(policy: NetworkPolicy): LookupFunction {
  const isAllowed = (address: string): boolean => policy.checkAddress(address).allowed;

  return (hostname, _options, callback) => {
    if (isLocalhost(hostname)) {
      // Not asked of the resolver, which may know only one of the two; what is not open is left out.
      const open = localhostAddresses.filter(isAllowed).map((address) => ({ address, family: isIP(address) }));
      callback(open.length === 0 ? blocked(hostname) : null, open);
      return;
    }
    lookup(hostname, { all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const refused = addresses.some(({ address }) => !isAllowed(address));
      callback(refused ? blocked(hostname) : null, refused ? [] : addresses);
    });
  };
}

function blocked(hostname: string): OuthookError {
  return new OuthookError("blocked_address", `the host ${hostname} leads to an address that is not public`);
}

/** Keeps what a polluted `Object.prototype` holds, such as `path`, out of the options. */
function withoutPrototype<T extends object>(options: T): T {
  return Object.setPrototypeOf(options, null);
}
