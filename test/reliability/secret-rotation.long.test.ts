import { it } from "vitest";
import { useServer } from "../postgres/database.ts";
import { expectRotationsInForce } from "./secrets-in-force.ts";
import { newFile } from "./stored.ts";

const newDatabase = useServer();

it.each([
  { store: "SQLite", create: newFile },
  { store: "Postgres", create: newDatabase },
])("secrets rotated every 100 ms for 30 s sign from their rotation to their end, on $store", async ({ create }) => {
  await expectRotationsInForce(await create(), 30);
});
