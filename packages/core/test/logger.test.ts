import { describe, expect, it } from "vitest";
import { OuthookError } from "../src/errors.ts";
import { atMostEverySecond } from "../src/logger.ts";

/** A throttled logger, what it let through, and its time in milliseconds. */
function setUp() {
  const written: string[] = [];
  const time = { ms: 0 };
  const write = (_details: object, message: string): void => void written.push(message);
  return { logger: atMostEverySecond({ warn: write, error: write }, () => time.ms), written, time };
}

describe("the engine's logger", () => {
  it("lets each message through once a second", () => {
    const { logger, written, time } = setUp();
    for (const ms of [0, 1, 999, 1_000, 1_999, 2_000]) {
      time.ms = ms;
      logger.error({ error: new Error("a fault") }, `one at ${Math.floor(ms / 1_000)}`);
      logger.warn({}, "two");
    }
    expect(written).toEqual(["one at 0", "two", "one at 1", "two", "one at 2", "two"]);
  });

  it("lets one message a second through of all that is said of a store that is away", () => {
    const { logger, written, time } = setUp();
    for (const ms of [0, 10, 999, 1_000, 1_500]) {
      time.ms = ms;
      const code = ms % 20 === 10 ? "store_busy" : "store_unavailable";
      const error = new OuthookError(code, "the database cannot be reached");
      logger.error({ error }, `no work at ${ms}`);
      logger.error({ error }, `nothing recorded at ${ms}`);
      logger.warn({ error: new OuthookError("internal", "another fault") }, "something else");
    }
    expect(written).toEqual(["no work at 0", "something else", "no work at 1000", "something else"]);
  });
});
