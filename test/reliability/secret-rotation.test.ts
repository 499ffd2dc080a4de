import { it } from "vitest";
import { expectRotationsInForce } from "./secrets-in-force.ts";
import { newFile } from "./stored.ts";

it(
  "secrets rotated every 100 ms take effect at once in their process and within a second in others, on SQLite",
  { timeout: 60_000 },
  async () => {
    await expectRotationsInForce(await newFile(), 2);
  },
);
