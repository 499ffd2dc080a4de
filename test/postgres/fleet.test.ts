import { describe, expect, it } from "vitest";
import { useServer } from "./database.ts";
import { expectOneEach, sharesOf, startFleet } from "./fleet.ts";
import { expectShares, expectTakeover } from "./sharing.ts";
import { refusedIn } from "./watched-store.ts";

const newDatabase = useServer();

describe("dispatchers in several processes", { timeout: 120_000 }, () => {
  it("deliver each message once, each process its share", async () => {
    await expectShares(await newDatabase(), 3, 2_000);
  });

  it("own and deliver what was another's when its heartbeat has lapsed", async () => {
    await expectTakeover(await newDatabase(), { lapses: "at once" });
  });

  it("lose nothing and repeat nothing while each takes itself for the owner of everything", async () => {
    const url = await newDatabase();
    const fleet = await startFleet({ url, size: 2, watched: "alone" });
    await fleet.send(1_500);
    await expectOneEach({ url, messages: 1_500 }, fleet);
    expect(fleet.dispatchers.flatMap(({ errors }) => refusedIn(errors))).toEqual([]);
    expect(Object.keys(sharesOf(fleet.receiver))).toHaveLength(2);
  });
});
