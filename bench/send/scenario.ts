import { join } from "node:path";
import { commandLine, heading } from "../heading.ts";
import { startChild } from "../process/child.ts";
import type { Bound, Report, Result } from "../report.ts";
import { atLeast, atMost, shortly } from "../report.ts";
import type { Scenario } from "../scenario.ts";
import { withSources } from "../sources.ts";
import { median, spreadOf } from "../statistics.ts";
import type { Place, StoreSource } from "../stores.ts";
import { openOuthook, tableOf } from "../stores.ts";
import type { InTransaction } from "./in-transaction.ts";
import type { SendCommands, Sends } from "./sender-process.ts";

const counts = [1, 64, 1_000] as const;
const defaults = { messages: 20_000, bytes: 1_024, rounds: 3 };
/** With one caller each message waits for its own commit. */
const aloneShare = 0.05;
const warmUpShare = 0.25;

type Load = { readonly messages: number; readonly bytes: number; readonly profile: string | null };

/** What one store was like. */
type Found = {
  readonly store: StoreSource;
  readonly sends: ReadonlyMap<number, Sends[]>;
  readonly bare: ReadonlyMap<number, Sends[]>;
  readonly inTransaction: InTransaction[];
};

export const send: Scenario = {
  takes: ["store", "messages", "bytes", "rounds", "profile", "json", "save"],
  about: "messages accepted a second by 1, 64 and 1,000 callers, and what one costs in a host's transaction",
  run: async ({ store, messages, bytes, rounds, profile }) => {
    const load = { messages: messages ?? defaults.messages, bytes: bytes ?? defaults.bytes, profile };
    const times = rounds ?? defaults.rounds;
    return await withSources(store, async ({ stores, versions }) => {
      const found = stores.map((one): Found => ({
        store: one,
        sends: emptyLists(),
        bare: emptyLists(),
        inTransaction: [],
      }));
      for (let round = 0; round < times; round += 1) {
        for (const one of round % 2 === 0 ? found : found.toReversed()) await measure(one, load, round);
      }
      return reportOf(found, { load, times, versions });
    });
  },
};

function emptyLists(): Map<number, Sends[]> {
  return new Map(counts.map((callers) => [callers, []]));
}

/** Each in turn on one database, which is new in each round. */
async function measure({ store, sends, bare, inTransaction }: Found, load: Load, round: number): Promise<void> {
  const { messages, bytes, profile } = load;
  const place = await store.create();
  const { location } = place;
  const child = await startChild<SendCommands>(join(import.meta.dirname, "sender-process.ts"), { profile });
  let written = 0;
  try {
    await migrate(place);
    const alone = Math.ceil(messages * aloneShare);
    for (const callers of counts) {
      const count = callers === 1 ? alone : messages;
      const warmUp = Math.ceil(count * warmUpShare);
      const kinds = [
        { name: "send", list: sends },
        { name: "bare", list: bare },
      ] as const;
      for (const { name, list } of round % 2 === 0 ? kinds : kinds.toReversed()) {
        const one = await child.call(name, location, { callers, count, bytes, warmUp });
        list.get(callers)?.push(one);
        written += warmUp + count;
        console.error(`round ${round + 1}, ${store.name}, ${callers}, ${name}: ${one.perSecond.toFixed(0)}/s`);
      }
    }
    await child.call("inTransaction", location, { count: alone, bytes });
    inTransaction.push(await child.call("inTransaction", location, { count: alone, bytes }));
    // By Outhook and by hand, in whole transactions.
    written += 4 * Math.ceil(alone / 20) * 20;
    await verifyWritten(place, written);
  } finally {
    await child.end();
    await place.destroy();
  }
}

async function migrate({ location }: Place): Promise<void> {
  const outhook = openOuthook(location);
  await outhook.migrate();
  await outhook.close();
}

async function verifyWritten({ location, query }: Place, expected: number): Promise<void> {
  const { found } = await query(`select cast(count(*) as integer) as found from ${tableOf(location, "messages")}`);
  if (found !== expected) throw new Error(`${expected} messages were accepted and ${found} are there`);
}

function reportOf(
  found: readonly Found[],
  { load, times, versions }: { readonly load: Load; readonly times: number; readonly versions: readonly string[] },
): Report {
  return {
    scenario: "send",
    heading: heading(commandLine("send"), versions),
    about: [
      `Bodies of ${load.bytes.toLocaleString("en-US")} bytes, ${load.messages.toLocaleString("en-US")} messages a run; with one ` +
        `caller, and in transactions, a twentieth of it. Medians of ${times} rounds with the least and the greatest. Each caller ` +
        "sends its next message when the last one is durable. The bare loop inserts rows that are made before, by one statement " +
        "and one commit for as many callers as Outhook puts into one INSERT.",
    ],
    columns: ["store", "callers", "send/s", "bare rows/s", "× bare", "send p50 ms", "p99 ms", "CPU s/1,000"],
    rows: found.flatMap((one) => counts.map((callers) => rowOf(one, callers))),
    bounds: found.flatMap(boundsOf),
    notes: found.map(transactionNote),
    results: found.flatMap((one) => [...counts.map((callers) => resultOf(one, callers)), transactionResult(one)]),
  };
}

function rowOf(found: Found, callers: number): readonly string[] {
  const { of, ratio } = figuresOf(found, callers);
  return [
    found.store.name,
    callers.toLocaleString("en-US"),
    spreadOf(of("perSecond"), 0),
    spreadOf(of("perSecond", "bare"), 0),
    ratio.toFixed(2),
    shortly(median(of("p50"))),
    shortly(median(of("p99"))),
    median(of("cpuSecondsPer1000")).toFixed(3),
  ];
}

function resultOf(found: Found, callers: number): Result {
  const { of, ratio } = figuresOf(found, callers);
  return {
    name: `${found.store.kind}-${callers}`,
    perSecond: median(of("perSecond")),
    barePerSecond: median(of("perSecond", "bare")),
    ratio,
    p50: median(of("p50")),
    p99: median(of("p99")),
    cpuSecondsPer1000: median(of("cpuSecondsPer1000")),
  };
}

function figuresOf(found: Found, callers: number) {
  const of = (figure: keyof Sends, kind: "sends" | "bare" = "sends"): readonly number[] =>
    found[kind].get(callers)?.map((one) => one[figure]) ?? [];
  const bare = of("perSecond", "bare");
  return { of, ratio: median(of("perSecond").map((rate, round) => rate / (bare[round] ?? NaN))) };
}

function boundsOf(found: Found): readonly Bound[] {
  const { of, ratio } = figuresOf(found, 64);
  const { name, kind } = found.store;
  const { statements, ratio: cost } = transactionOf(found);
  return [
    kind === "postgres"
      ? atLeast(`send, 64 callers, ${name}`, median(of("perSecond")), 20_000, "/s")
      : atLeast(`send, 64 callers, ${name}`, ratio, 0.6, " × bare loop"),
    atMost(`send in a host's transaction, ${name}`, statements, 1, " statements"),
    atMost(`send in a host's transaction, ${name}`, cost, 1.1, " × bare INSERT"),
  ];
}

function transactionOf({ inTransaction }: Found) {
  return {
    sendUs: median(inTransaction.map(({ sendUs }) => sendUs)),
    bareUs: median(inTransaction.map(({ bareUs }) => bareUs)),
    ratio: median(inTransaction.map(({ sendUs, bareUs }) => sendUs / bareUs)),
    statements: Math.max(...inTransaction.map(({ statements }) => statements)),
  };
}

function transactionNote(found: Found): string {
  const { sendUs, bareUs, ratio, statements } = transactionOf(found);
  const how = found.store.kind === "postgres" ? "`send` with `tx`" : "`prepare`, and the host runs its statement";
  return (
    `In a host's transaction on ${found.store.name} (${how}) a message takes ${shortly(sendUs)} µs and ${statements} statement, ` +
    `the same INSERT alone ${shortly(bareUs)} µs: × ${ratio.toFixed(2)}.`
  );
}

function transactionResult(found: Found): Result {
  return { name: `${found.store.kind}-in-transaction`, ...transactionOf(found) };
}
