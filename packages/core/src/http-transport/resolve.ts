import { lookup } from "node:dns";
import { OuthookError } from "../errors.ts";
import type { NameResolver } from "../network-options.ts";

/** The addresses of a name: at least one, as whoever was asked spelt them. */
export type Resolve = (name: string) => Promise<readonly string[]>;

/** Asks the system's resolver, in a thread of the process that is taken until it answers. */
export function resolveBySystem(name: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    lookup(name, { all: true }, (error, addresses) => {
      if (error === null) resolve(addresses.map(({ address }) => address));
      else reject(error);
    });
  });
}

/** Codes of c-ares that are about this process or its name servers, not about the name. */
const localCodes: ReadonlySet<string> = new Set(["ECONNREFUSED", "EFILE", "ENOMEM", "ECANCELLED", "EDESTRUCTION"]);

/** Asks a resolver that the host brought for both families, and takes what there is. */
export function resolverOf(resolver: NameResolver): Resolve {
  return async (name) => {
    const answers = await Promise.allSettled([ask(() => resolver.resolve4(name)), ask(() => resolver.resolve6(name))]);
    const addresses = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
    if (addresses.length > 0) return addresses;
    // That a name has no address of the other family says less than why the look-up of this one failed.
    const codes = answers.map((answer) => (answer.status === "rejected" ? codeOf(answer.reason) : "ENODATA"));
    throw failed(codes.find((code) => code !== "ENODATA") ?? "ENODATA");
  };
}

/** The failure of a look-up by its code in c-ares, some of which mean something else where they come from a socket. */
export function failed(code: string): Error {
  if (!localCodes.has(code)) return Object.assign(new Error("the look-up failed"), { code: `DNS_${code}` });
  return new OuthookError("internal", `network.resolver reaches no name server (${code})`);
}

async function ask(question: () => Promise<readonly string[]>): Promise<readonly string[]> {
  const answer: unknown = await question();
  if (Array.isArray(answer) && answer.every((address) => typeof address === "string")) return answer;
  throw Object.assign(new Error("not a list of addresses"), { code: "EBADRESP" });
}

/** Of what is no error of c-ares, the code that it has for a server that failed. */
function codeOf(reason: unknown): string {
  const code = reason instanceof Error && "code" in reason ? reason.code : null;
  return typeof code === "string" && /^E[A-Z]+$/.test(code) ? code : "ESERVFAIL";
}
