import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Account, EndpointAccount } from "../examples/demo/account.ts";
import { countsOf } from "../examples/demo/account.ts";
import { events } from "../examples/demo/catalogue.ts";
import { eventTypes } from "../examples/demo/payloads.ts";
import { runDemo } from "../examples/demo/run.ts";
import { storyOf } from "../examples/demo/story.ts";
import { faultsOf } from "../examples/demo/verdict.ts";

const main = join(import.meta.dirname, "../examples/demo/main.ts");
const run = promisify(execFile);

/** A folder that only the demo under test uses for its temporary files. */
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "outhook-demo-test-"));
});
afterAll(() => rm(folder, { recursive: true }));
const demo = (): { readonly env: NodeJS.ProcessEnv; readonly timeout: number } => ({
  env: { ...process.env, TMPDIR: folder },
  timeout: 20_000,
});

describe("the demo as a process", { timeout: 30_000 }, () => {
  it("prints one JSON line with everything delivered, ends with 0 and leaves no file", async () => {
    const { stdout, stderr } = await run(process.execPath, [main, "--json"], demo());
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^\{.*\}\n$/);
    const { ms, ...numbers } = JSON.parse(stdout) as Record<string, number>;
    expect(numbers).toEqual({ sent: 16, deliveries: 38, succeeded: 38, retried: 24, verified: 62, rejected: 0 });
    expect(ms).toBeLessThan(10_000);
    expect(await readdir(folder)).toEqual([]);
  });

  it("ends by itself with 130 and leaves no file when it is interrupted", async () => {
    const child = spawn(process.execPath, [main], { ...demo(), stdio: ["ignore", "pipe", "pipe"] });
    const ended = once(child, "close");
    const output: string[] = [];
    child.stderr.on("data", (chunk) => output.push(String(chunk)));
    await vi.waitUntil(async () => (await readdir(folder)).length > 0, { interval: 5, timeout: 10_000 });
    child.kill("SIGINT");
    const [code] = await ended;
    expect(output.join("")).toContain("interrupted by SIGINT");
    expect(code).toBe(130);
    expect(await readdir(folder)).toEqual([]);
  });

  it("refuses an unknown argument and names it", async () => {
    const refused = run(process.execPath, [main, "--jsno"], demo());
    await expect(refused).rejects.toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining('"--jsno"') });
  });
});

describe("the verdict of the demo", () => {
  it("is asked about every event type of the catalogue", () => {
    expect(eventTypes.toSorted()).toEqual(Object.keys(events.definitions).toSorted());
  });

  let account: Account;
  beforeAll(async () => {
    account = await runDemo(new AbortController().signal);
  }, 30_000);

  it("finds no fault in a run that did its job, and tells it in at most 40 lines of at most 100 columns", () => {
    expect(faultsOf(account, eventTypes)).toEqual([]);
    const lines = storyOf(account).join("\n").split("\n");
    expect(lines.length).toBeLessThanOrEqual(40);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  const storefront = (change: (one: EndpointAccount) => Partial<EndpointAccount>): Account => ({
    ...account,
    endpoints: account.endpoints.map((one) => (one.plan.name === "storefront" ? { ...one, ...change(one) } : one)),
  });

  it.each([
    {
      name: "a message that was not sent",
      broken: () => ({ ...account, messages: account.messages.slice(1) }),
      says: "customer.created was not sent",
    },
    {
      name: "a delivery that is missing from the log",
      broken: () => storefront(({ deliveries }) => ({ deliveries: deliveries.slice(1) })),
      says: "storefront: 0 deliveries of customer.active in the log instead of 1",
    },
    {
      name: "a delivery that is still pending",
      broken: () =>
        storefront(({ deliveries }) => ({
          deliveries: deliveries.map((one) => ({ ...one, delivery: { ...one.delivery, status: "pending" as const } })),
        })),
      says: "of loan.error is pending",
    },
    {
      name: "a delivery that the patterns do not ask for",
      broken: () => storefront(({ plan }) => ({ plan: { ...plan, patterns: ["customer.active", "loan.*"] } })),
      says: "of credit_offer.available, which it did not ask for",
    },
    {
      name: "an attempt that is missing from the log",
      broken: () =>
        storefront(({ deliveries }) => ({
          deliveries: deliveries.map((one) => ({ ...one, attempts: one.attempts.slice(1) })),
        })),
      says: "took 2 attempts instead of 3",
    },
    {
      name: "a request that did not arrive",
      broken: () => storefront(({ requests }) => ({ requests: requests.slice(1) })),
      says: "storefront: 35 verified requests instead of 36",
    },
    {
      name: "a request that the receiver refused",
      broken: () => storefront(({ requests }) => ({ requests: requests.map((one) => ({ ...one, verifiedBy: 0 })) })),
      says: "storefront: 36 requests refused",
    },
    {
      name: "a request after the rotation that only one secret verifies",
      broken: () => storefront(({ requests }) => ({ requests: requests.map((one) => ({ ...one, verifiedBy: 1 })) })),
      says: "a request of loan.error did not verify with 2 secrets",
    },
    {
      name: "a request with another body than the log has",
      broken: () => storefront(({ requests }) => ({ requests: requests.map((one) => ({ ...one, body: "{}" })) })),
      says: "a request of loan.created had another body than the log",
    },
  ])("names $name", ({ broken, says }) => {
    expect(faultsOf(broken(), eventTypes).join("\n")).toContain(says);
  });

  it("counts only what is there", () => {
    expect(countsOf([])).toEqual({ deliveries: 0, succeeded: 0, retried: 0, verified: 0, rejected: 0 });
  });
});
