import { it } from "vitest";
import { useServer } from "../postgres/database.ts";
import { expectRotationsInForce } from "./secrets-in-force.ts";
import { newFile } from "./stored.ts";

const newDatabase = useServer();

it.each([
  { store: "SQLite", create: newFile },
  { store: "Postgres", create: newDatabase },
])(
  "secrets rotated every 100 ms take effect at once in their process and within a second in others, on $store",
  { timeout: 60_000 },
  async ({ create }) => {
    await expectRotationsInForce(await create(), 3);
  },
);
