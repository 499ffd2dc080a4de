import { describe, expect, it } from "vitest";
import { createLookUps } from "../src/http-transport/look-ups.ts";

type Answer = { readonly error: Error | null; readonly addresses: readonly string[] };

/** Look-ups that end when told. Names that are asked for end up in `asked`. */
function scripted(options: { readonly atOnce?: number; readonly timeoutMs?: number } = {}) {
  const asked: string[] = [];
  const open = new Map<string, { readonly resolve: (addresses: readonly string[]) => void }>();
  const lookUps = createLookUps({
    resolve: (name) => {
      asked.push(name);
      return new Promise((resolve) => open.set(name, { resolve }));
    },
    atOnce: options.atOnce ?? 3,
    timeoutMs: options.timeoutMs ?? 10_000,
  });
  return {
    asked,
    /** Asks, with what it answers and the function that gives up. */
    ask: (name: string) => {
      let giveUp = (): boolean => false;
      const answer = new Promise<Answer>((resolve) => {
        giveUp = lookUps.ask(name, (error, addresses) => resolve({ error, addresses }));
      });
      return { answer, giveUp };
    },
    answer: async (name: string) => {
      open.get(name)?.resolve(["192.0.2.1"]);
      await new Promise(setImmediate);
    },
  };
}

const answered: Answer = { error: null, addresses: ["192.0.2.1"] };
const timedOut = { error: expect.objectContaining({ code: "DNS_ETIMEOUT" }), addresses: [] };

describe("look-ups", () => {
  it("run so many at once, in the order in which they were asked for", async () => {
    const { ask, answer, asked } = scripted({ atOnce: 2 });
    const answers = ["a", "b", "c", "d"].map((name) => ask(name).answer);
    expect(asked).toEqual(["a", "b"]);
    await answer("b");
    expect(asked).toEqual(["a", "b", "c"]);
    await answer("a");
    expect(asked).toEqual(["a", "b", "c", "d"]);
    await answer("c");
    await answer("d");
    expect(await Promise.all(answers)).toEqual([answered, answered, answered, answered]);
  });

  it("ask once for all that want the same name at the same time, and again afterwards", async () => {
    const { ask, answer, asked } = scripted();
    const answers = [ask("a"), ask("a"), ask("a")].map((one) => one.answer);
    await answer("a");
    expect(await Promise.all(answers)).toEqual([answered, answered, answered]);
    expect(asked).toEqual(["a"]);
    ask("a");
    expect(asked).toEqual(["a", "a"]);
  });

  it("free each caller in time, and keep the place until the resolver answers", async () => {
    const { ask, answer, asked } = scripted({ atOnce: 1, timeoutMs: 20 });
    expect(await ask("a").answer).toEqual(timedOut);
    const second = ask("b");
    await new Promise(setImmediate);
    expect(asked).toEqual(["a"]);
    await answer("a");
    expect(asked).toEqual(["a", "b"]);
    await answer("b");
    expect(await second.answer).toEqual(answered);
  });

  it("time a caller that comes later by itself", async () => {
    const { ask, answer } = scripted({ timeoutMs: 60 });
    const first = ask("a");
    await new Promise((resolve) => setTimeout(resolve, 40));
    const second = ask("a");
    expect(await first.answer).toEqual(timedOut);
    await answer("a");
    expect(await second.answer).toEqual(answered);
  });

  it("never begin for callers that gave up, and do not answer them", async () => {
    const { ask, answer, asked } = scripted({ atOnce: 1 });
    ask("a");
    const gone = ask("b");
    ask("c");
    expect(gone.giveUp()).toBe(true);
    await answer("a");
    expect(asked).toEqual(["a", "c"]);
    expect(gone.giveUp()).toBe(false);
  });

  it("say whether a caller that gives up had only waited for other names", async () => {
    const { ask, answer } = scripted({ atOnce: 1 });
    const begun = ask("a");
    const waiting = ask("b");
    const done = ask("c");
    expect(begun.giveUp()).toBe(false);
    expect(waiting.giveUp()).toBe(true);
    await answer("a");
    await answer("c");
    expect(await done.answer).toEqual(answered);
    expect(done.giveUp()).toBe(false);
  });

  it("give names that were silent one place among themselves, until one is answered in time", async () => {
    const { ask, answer, asked } = scripted({ atOnce: 2, timeoutMs: 20 });
    for (const name of ["slow-1", "slow-2", "slow-3"]) {
      expect(await ask(name).answer).toEqual(timedOut);
      await answer(name);
    }
    asked.length = 0;
    const first = ask("slow-1");
    const second = ask("slow-2");
    ask("slow-3").giveUp();
    const quick = ask("quick");
    expect(asked).toEqual(["slow-1", "quick"]);
    await answer("quick");
    expect(await quick.answer).toEqual(answered);
    expect(asked).toEqual(["slow-1", "quick"]);
    // Its own silence is what a slow name waits for.
    expect(second.giveUp()).toBe(false);
    const third = ask("slow-2");
    await answer("slow-1");
    expect(await first.answer).toEqual(answered);
    await answer("slow-2");
    expect(await third.answer).toEqual(answered);
    asked.length = 0;
    ask("slow-1");
    ask("slow-2");
    expect(asked).toEqual(["slow-1", "slow-2"]);
  });

  it.each([
    { names: "one domain", nameOf: (n: number) => `r${n}.evil.example` },
    { names: "one domain of a country", nameOf: (n: number) => `r${n}.a${n}.evil.co.uk` },
  ])(
    "of ever new names of $names, and of another silent one, leave a place to a name that was answered once",
    async ({ nameOf }) => {
      const { ask, answer, asked } = scripted({ atOnce: 2, timeoutMs: 20 });
      const known = ask("hooks.acme.dev");
      await answer("hooks.acme.dev");
      expect(await known.answer).toEqual(answered);
      const silent = ask("silent.example");
      expect(await silent.answer).toEqual(timedOut);
      for (let n = 0; n < 50; n += 1) ask(nameOf(n));
      for (let n = 0; n < 3; n += 1) {
        const again = ask("hooks.acme.dev");
        await answer("silent.example");
        await answer("hooks.acme.dev");
        expect(await again.answer).toEqual(answered);
        await answer(nameOf(n));
      }
      expect(asked).toContain(nameOf(0));
    },
  );

  it("of new names of one domain come one after the other, and beside each other once they are known", async () => {
    const { ask, answer, asked } = scripted({ atOnce: 3 });
    for (const name of ["a.acme.dev", "b.acme.dev", "c.other.dev"]) ask(name);
    expect(asked).toEqual(["a.acme.dev", "c.other.dev"]);
    await answer("a.acme.dev");
    expect(asked).toEqual(["a.acme.dev", "c.other.dev", "b.acme.dev"]);
    await answer("b.acme.dev");
    asked.length = 0;
    for (const name of ["a.acme.dev", "b.acme.dev"]) ask(name);
    expect(asked).toEqual(["a.acme.dev", "b.acme.dev"]);
  });

  it("report an error to all callers, and forget the name", async () => {
    const failure = new Error("ENOTFOUND");
    const lookUps = createLookUps({ resolve: () => Promise.reject(failure), atOnce: 3, timeoutMs: 10_000 });
    const answers: (Error | null)[] = [];
    lookUps.ask("a", (error) => answers.push(error));
    lookUps.ask("a", (error) => answers.push(error));
    await expect.poll(() => answers).toEqual([failure, failure]);
  });
});
