import type { AnyEvents, Logger, Outhook } from "@outhook/core";
import { inspect } from "node:util";

/** What was written down somewhere, by place, to be searched for secrets. */
export type Evidence = {
  /** Keeps bytes as they are, and everything else as consoles and loggers print it. */
  readonly add: (place: string, value: unknown) => void;
  readonly logger: Logger;
  /** Runs a call and keeps what it returns or throws. */
  readonly keep: (place: string, call: () => Promise<unknown>) => Promise<unknown>;
  /** Keeps every report of the app. */
  readonly listenTo: (outhook: Pick<Outhook<AnyEvents, never>, "on">) => void;
  /** The places where any of these texts is found, in order and each once. */
  readonly placesOf: (texts: readonly string[]) => readonly string[];
  readonly places: () => readonly string[];
};

export function createEvidence(): Evidence {
  const kept: { readonly place: string; readonly bytes: Buffer }[] = [];

  const add = (place: string, value: unknown): void => {
    kept.push({ place, bytes: value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(printed(value)) });
  };

  return {
    add,
    logger: {
      warn: (details, message) => add("log", [message, details]),
      error: (details, message) => add("log", [message, details]),
    },
    keep: async (place, call) => {
      try {
        const result = await call();
        add(place, result);
        return result;
      } catch (error) {
        add(`error of ${place}`, error);
        return undefined;
      }
    },
    listenTo: ({ on }) => {
      for (const name of reportNames) on(name, (report) => add(`report ${name}`, report));
    },
    placesOf: (texts) => {
      const traces = texts.flatMap(tracesOf);
      const found = kept.filter(({ bytes }) => traces.some((trace) => bytes.includes(trace)));
      return [...new Set(found.map(({ place }) => place))].toSorted();
    },
    places: () => [...new Set(kept.map(({ place }) => place))].toSorted(),
  };
}

const reportNames = [
  "delivery.succeeded",
  "delivery.retrying",
  "delivery.failed",
  "endpoint.failing",
  "endpoint.disabled",
] as const;

/** Every way in which a value may end in a log, one after the other. */
function printed(value: unknown): string {
  const details: unknown = value instanceof Error ? { ...value, cause: value.cause } : value;
  return [inspect(value, { depth: 10, showHidden: true, maxStringLength: null }), String(value), json(details)].join(
    "\n",
  );
}

function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return "";
  }
}

/** Enough of a text to know it by, as it is and as what it encodes: the last characters are shown as a hint. */
function tracesOf(text: string): readonly Buffer[] {
  const core = text.replace(/^whs\w+_/, "").slice(0, 24);
  const raw = Buffer.from(core, "base64");
  const spelled = [core, raw.toString("base64url"), raw.toString("hex"), Buffer.from(core).toString("hex")];
  return [...spelled.map((one) => Buffer.from(one)), raw, Buffer.from(core, "utf16le")];
}
