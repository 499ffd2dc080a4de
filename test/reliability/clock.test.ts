import { expect, it } from "vitest";
import { jumpAround, jumps } from "./jumping.ts";
import { newFile } from "./stored.ts";

/** There are no others clocks on one machine: what looks at the time of day sees it move. */
const forward = jumps.filter((jump) => jump.do === "shift" && jump.ms > 0).length;

it(
  "a clock that jumps repeats what is open once for each jump forward, on SQLite, and stops nothing",
  { timeout: 60_000 },
  async () => {
    const { held, failing } = await jumpAround(await newFile());
    console.log(
      `held: ${held.requests} requests, ${held.stored}; failing: ${failing.requests} requests, ${failing.stored}`,
    );
    expect(held.stored).toMatch(/^succeeded (?:lost ){0,2}200$/);
    expect(failing.stored).toMatch(/^pending(?: 500){1,3}$/);
    for (const { requests, stored } of [held, failing]) {
      expect(requests).toBe(stored.split(" ").length - 1);
      expect(requests).toBeLessThanOrEqual(1 + forward);
    }
  },
);
