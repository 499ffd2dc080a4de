import { createHttpTransport, createNetworkPolicy } from "@outhook/core";
import { AssertionError } from "node:assert";
import { describe, expect, it } from "vitest";
import { transportConformance } from "../src/index.ts";
import { transportMutants } from "./transport-mutants/all.ts";
import type { TransportMutant } from "./transport-mutants/mutant.ts";

const policy = createNetworkPolicy({ allow: ["127.0.0.0/8"], allowHttp: true });

function casesOf(plant: TransportMutant["plant"]): ReturnType<typeof transportConformance> {
  const create = async () => {
    const http = createHttpTransport({ policy });
    return { transport: plant(http), destroy: http.close };
  };
  return transportConformance({ create });
}

describe.concurrent("a transport with one fault fails the case that names it, by an assertion", () => {
  const pairs = transportMutants.flatMap(({ fault, caughtBy, plant }) => caughtBy.map((id) => ({ fault, id, plant })));

  it.each(pairs)("$fault: $id", async ({ id, plant }) => {
    const found = casesOf(plant).find((one) => one.id === id);
    if (found === undefined) throw new Error(`there is no case ${id}`);
    const verdict = await found.run().catch((error: unknown) => error);
    expect(verdict).toBeInstanceOf(AssertionError);
  });
});

it("each case catches some fault", () => {
  const caught = new Set(transportMutants.flatMap(({ caughtBy }) => caughtBy));
  const idle = casesOf((transport) => transport).filter(({ id }) => !caught.has(id));
  expect(idle.map(({ id }) => id)).toEqual([]);
});
