import type { LookupAddress } from "node:dns";
import { isIP } from "node:net";
import { OuthookError } from "../errors.ts";
import { isLocalhost, localhostAddresses } from "../host-name.ts";
import type { NetworkPolicy } from "../network.ts";
import { createLookUps } from "./look-ups.ts";
import { resolveBySystem, resolverOf } from "./resolve.ts";

/** The policy as connections are held to it. */
export type Guard = {
  /** Why not all of these addresses of a host may be dialled on a port; `null` if they may. */
  readonly refusalOf: (hostname: string, addresses: readonly string[], port: number) => OuthookError | null;
  /**
   * Resolves a name once and answers with its addresses only if every one may be dialled. The function that it returns
   * gives up, and tells whether all that had happened was to wait for look-ups of other names.
   */
  readonly lookUp: (
    hostname: string,
    port: number,
    answered: (error: Error | null, addresses: LookupAddress[]) => void,
  ) => () => boolean;
};

/** As many as Node does, with its four threads: a third would wait where its wait looks like its name server's. */
const bySystemAtOnce = 2;
/** A resolver that the host brought takes no threads. */
const byResolverAtOnce = 64;
const lookUpTimeoutMs = 5_000;

/** @param onRefused Gets each refusal with its hint, which is for operators only. */
export function createGuard(policy: NetworkPolicy, onRefused: (refusal: OuthookError) => void): Guard {
  const { resolver, checkAddress } = policy;
  const lookUps = createLookUps({
    resolve: resolver === null ? resolveBySystem : resolverOf(resolver),
    atOnce: resolver === null ? bySystemAtOnce : byResolverAtOnce,
    timeoutMs: lookUpTimeoutMs,
  });

  const refusalOf: Guard["refusalOf"] = (hostname, addresses, port) => {
    const [refused] = addresses.flatMap((address) => {
      const verdict = checkAddress(address, port);
      return verdict.allowed ? [] : verdict;
    });
    if (refused === undefined) return null;
    const { code, fault, hint } = refused;
    const refusal = new OuthookError(code, `the host ${hostname} ${fault}`, { hint });
    onRefused(refusal);
    return refusal;
  };

  return {
    refusalOf,
    lookUp: (hostname, port, answered) => {
      if (isLocalhost(hostname)) {
        // Not asked of the resolver, which may know only one of the two; what is not open is left out.
        const open = localhostAddresses.filter((address) => checkAddress(address, port).allowed);
        const refusal = open.length === 0 ? refusalOf(hostname, localhostAddresses, port) : null;
        answered(refusal, open.map(withFamily));
        return () => false;
      }
      return lookUps.ask(hostname, (error, addresses) => {
        const fault = error ?? refusalOf(hostname, addresses, port);
        answered(fault, fault === null ? addresses.map(withFamily) : []);
      });
    },
  };
}

function withFamily(address: string): LookupAddress {
  return { address, family: isIP(address) };
}
