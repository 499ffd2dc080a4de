import { constants } from "node:crypto";
import type { Socket } from "node:net";
import { connect, isIP } from "node:net";
import type { SecureContext } from "node:tls";
import { connect as connectTls, createSecureContext, DEFAULT_CIPHERS, getCACertificates } from "node:tls";
import type { buildConnector } from "undici";
import type { OuthookError } from "../errors.ts";
import type { NetworkPolicy } from "../network.ts";
import { createGuard } from "./guard.ts";

/**
 * Opens one guarded connection and hands it over when it is ready for the first byte of a request. Until then the
 * function that it returns gives up, in whatever state the connection is; `done` is not called after that. It returns
 * true if all that had happened was to wait for look-ups of other names.
 */
export type Dial = (options: buildConnector.Options, done: buildConnector.Callback) => () => boolean;

/**
 * The address guard at the last point before the kernel: a literal is checked, a name is resolved once and every answer
 * checked, and the peer of the connected socket is checked again before TLS or HTTP send anything.
 *
 * Nothing here reads a proxy, a Unix socket path or the switch that turns certificate checks off.
 *
 * @param onRefused Gets each refusal with its hint, which is for operators only.
 */
export function createDial(policy: NetworkPolicy, onRefused: (refusal: OuthookError) => void): Dial {
  const { refusalOf, lookUp } = createGuard(policy, onRefused);
  let context: SecureContext | null = null;
  const secureContext = (): SecureContext => {
    // Shared by all connections: reading the root certificates takes longer than a handshake.
    context ??= createSecureContext(
      withoutPrototype({
        ...(policy.ca.length === 0 ? {} : { ca: [...getCACertificates("default"), ...policy.ca] }),
        ciphers: withoutFiniteFields(DEFAULT_CIPHERS),
        // A receiver may ask for a new handshake without end, each of which is computed before anything else goes on.
        secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
      }),
    );
    return context;
  };

  return ({ hostname, port: portText, protocol }, done) => {
    const isTls = protocol === "https:";
    const port = portText === "" ? (isTls ? 443 : 80) : Number(portText);
    // net.connect does not call `lookup` for a literal.
    const refusal = isIP(hostname) === 0 ? null : refusalOf(hostname, [hostname], port);
    if (refusal !== null) {
      queueMicrotask(() => done(refusal, null));
      return () => false;
    }
    // Before the socket exists, since undici takes care of what is thrown here only.
    const tls = isTls ? secureContext() : null;
    let giveUpLookUp: (() => boolean) | null = null;
    const socket = connect(
      withoutPrototype({
        host: hostname,
        port,
        lookup: (_hostname, _options, answered) => {
          giveUpLookUp = lookUp(hostname, port, answered);
        },
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
      const peerRefusal = refusalOf(hostname, [peer], port);
      if (peerRefusal !== null) return fail(peerRefusal);
      if (tls === null) return end(null, socket);
      const secured = connectTls(
        withoutPrototype({
          socket,
          host: hostname,
          servername: isIP(hostname) === 0 ? hostname : "",
          secureContext: tls,
          ALPNProtocols: ["http/1.1"],
          rejectUnauthorized: true,
        }),
      );
      current = secured;
      secured.on("error", fail).once("secureConnect", () => end(null, secured));
    });

    return () => {
      if (ended) return false;
      ended = true;
      current.destroy();
      return giveUpLookUp?.() === true;
    };
  };
}

/**
 * TLS 1.2 lets a receiver choose the size of a Diffie-Hellman group over a finite field: one of 10,000 bits takes a second of
 * the event loop. Elliptic curves have their sizes.
 */
function withoutFiniteFields(ciphers: string): string {
  const isTls13Only = ciphers.split(":").every((name) => name.startsWith("TLS_"));
  return isTls13Only ? ciphers : `${ciphers}:!kDHE`;
}

/** Keeps what a polluted `Object.prototype` holds, such as `path` or `ca`, out of the options. */
function withoutPrototype<T extends object>(options: T): T {
  return Object.setPrototypeOf(options, null);
}
