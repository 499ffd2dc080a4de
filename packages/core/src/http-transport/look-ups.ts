import type { Resolve } from "./resolve.ts";
import { failed } from "./resolve.ts";

type Answered = (error: Error | null, addresses: readonly string[]) => void;

/** Looks names up, a few at once. */
export type LookUps = {
  /**
   * Asks for the addresses of a name. The function that it returns gives up: `answered` is not called after that. It
   * returns true if the look-up had not begun because of those of other names, which this one is then not to blame for.
   */
  readonly ask: (name: string, answered: Answered) => () => boolean;
};

type LookUp = {
  readonly name: string;
  readonly domain: string;
  /** With the timer of each once the look-up has begun. */
  readonly callers: Map<Answered, NodeJS.Timeout | null>;
  hasBegun: boolean;
};

/** Names and domains remembered of each sort, about 100 bytes each. */
const maxSlow = 1_000;
const maxKnown = 10_000;

/**
 * A look-up that has begun lasts until `resolve` settles, even if nobody waits for it any more: behind it is a thread that
 * cannot be stopped. So that silent name servers take few of them, callers for one name share a look-up; of the names of one
 * domain that are not known yet only one is looked up at a time; and domains with names whose callers gave up have one place
 * among themselves until one of those is answered in time. Names that were answered are spared from the last two.
 *
 * @param input.atOnce Look-ups under way at most.
 * @param input.timeoutMs How long a caller waits once the look-up has begun.
 */
export function createLookUps(input: {
  readonly resolve: Resolve;
  readonly atOnce: number;
  readonly timeoutMs: number;
}): LookUps {
  const { resolve, atOnce, timeoutMs } = input;
  /** By name, those asked for first before the others. */
  const lookUps = new Map<string, LookUp>();
  const slowNames = new Set<string>();
  const slowDomains = new Set<string>();
  const knownNames = new Set<string>();
  const begun = new Set<LookUp>();
  /** Of those, by domain, the ones of names that were not known. */
  const unknown = new Map<string, LookUp>();
  let slowLookUp: LookUp | null = null;

  const mustWait = ({ name, domain }: LookUp): boolean =>
    !knownNames.has(name) && (unknown.has(domain) || (slowDomains.has(domain) && slowLookUp !== null));

  const beginNext = (): void => {
    for (const lookUp of lookUps.values()) {
      if (begun.size >= atOnce) return;
      if (!lookUp.hasBegun && !mustWait(lookUp)) begin(lookUp);
    }
  };

  const begin = (lookUp: LookUp): void => {
    lookUp.hasBegun = true;
    begun.add(lookUp);
    if (!knownNames.has(lookUp.name)) {
      unknown.set(lookUp.domain, lookUp);
      if (slowDomains.has(lookUp.domain)) slowLookUp = lookUp;
    }
    for (const answered of lookUp.callers.keys()) startTimer(lookUp, answered);
    resolve(lookUp.name).then(
      (addresses) => end(lookUp, null, addresses),
      (error: Error) => end(lookUp, error, []),
    );
  };

  const startTimer = (lookUp: LookUp, answered: Answered): void => {
    const expire = (): void => {
      leave(lookUp, answered);
      answered(failed("ETIMEOUT"), []);
    };
    lookUp.callers.set(answered, setTimeout(expire, timeoutMs));
  };

  const end = (lookUp: LookUp, error: Error | null, addresses: readonly string[]): void => {
    begun.delete(lookUp);
    lookUps.delete(lookUp.name);
    if (unknown.get(lookUp.domain) === lookUp) unknown.delete(lookUp.domain);
    if (slowLookUp === lookUp) slowLookUp = null;
    const callers = [...lookUp.callers];
    lookUp.callers.clear();
    if (callers.length > 0) {
      slowNames.delete(lookUp.name);
      slowDomains.delete(lookUp.domain);
      if (error === null) remember(knownNames, lookUp.name, maxKnown);
    }
    for (const [answered, timer] of callers) {
      clearTimeout(timer ?? undefined);
      answered(error, addresses);
    }
    beginNext();
  };

  const leave = (lookUp: LookUp, answered: Answered): void => {
    clearTimeout(lookUp.callers.get(answered) ?? undefined);
    lookUp.callers.delete(answered);
    if (lookUp.callers.size > 0) return;
    if (!lookUp.hasBegun) lookUps.delete(lookUp.name);
    else {
      remember(slowNames, lookUp.name, maxSlow);
      remember(slowDomains, lookUp.domain, maxSlow);
      knownNames.delete(lookUp.name);
    }
  };

  return {
    ask: (name, answered) => {
      const lookUp = lookUps.get(name) ?? { name, domain: domainOf(name), callers: new Map(), hasBegun: false };
      lookUps.set(name, lookUp);
      lookUp.callers.set(answered, null);
      if (lookUp.hasBegun) startTimer(lookUp, answered);
      else beginNext();
      return () => {
        const isWaiting = lookUp.callers.has(answered);
        if (isWaiting) leave(lookUp, answered);
        return isWaiting && !lookUp.hasBegun && !slowNames.has(name);
      };
    },
  };
}

/** What somebody had to register to have names below it: more than one label, and in `acme.co.uk` more than two. */
function domainOf(name: string): string {
  return /[^.]+\.(?:[^.]{1,3}\.[a-z]{2}|[^.]+)$/.exec(name)?.[0] ?? name;
}

/** Adds a text as the last one, and drops the first when they are too many. */
function remember(texts: Set<string>, text: string, most: number): void {
  texts.delete(text);
  texts.add(text);
  const [oldest] = texts;
  if (texts.size > most && oldest !== undefined) texts.delete(oldest);
}
