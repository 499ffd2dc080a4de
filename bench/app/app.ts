import { join } from "node:path";
import { groupsOf, messageInTurn, tenantOf } from "../messages.ts";
import type { Child } from "../process/child.ts";
import { startChild } from "../process/child.ts";
import type { Target } from "../receiver/receiver.ts";
import type { Location, StoreOptions } from "../stores.ts";
import { openOuthook, openStore } from "../stores.ts";
import type { AppCommands } from "./app-process.ts";

const rowsPerInsert = 500;
const createsAtOnce = 100;

/** Starts an app on a store. */
export async function startApp(
  location: Location,
  { profile = null, ...options }: StoreOptions & { readonly profile?: string | null } = {},
): Promise<Child<AppCommands>> {
  const app = await startChild<AppCommands>(join(import.meta.dirname, "app-process.ts"), { profile });
  await app.call("open", location, options);
  return app;
}

/** Migrates a store and gives each tenant one endpoint, with so many patterns, the last of which matches. */
export async function prepareStore(
  location: Location,
  targets: readonly Target[],
  { patterns = 1, ...fields }: { readonly patterns?: number | undefined; readonly timeoutSeconds?: number } = {},
): Promise<void> {
  const outhook = openOuthook(location);
  await outhook.migrate();
  const events = [...Array.from({ length: patterns - 1 }, (_, n) => `customer.e${n}`), "loan.*"];
  for (const [n, target] of targets.entries())
    await outhook.tenant(tenantOf(n)).endpoints.create({ ...target, ...fields, events });
  await outhook.close();
}

/**
 * Adds endpoints that no message matches: one for each of as many other tenants, or all to the first tenant, whose messages
 * then have to be told from theirs.
 */
export async function addBystanders(
  location: Location,
  { count, to }: { readonly count: number; readonly to: "others" | "first" },
): Promise<void> {
  const outhook = openOuthook(location, { limits: { endpointsPerTenant: 1_000_000 } });
  const url = "http://127.0.0.1:1/";
  for (const group of groupsOf(0, count, createsAtOnce)) {
    await Promise.all(
      group.map((n) =>
        outhook
          .tenant(to === "first" ? tenantOf(0) : `bystander-${n}`)
          .endpoints.create({ url, events: [to === "first" ? `customer.e${n}` : "loan.*"] }),
      ),
    );
  }
  await outhook.close();
}

/** Inserts messages that wait to be fanned out. */
export async function fillStore(
  location: Location,
  { first, count }: { readonly first: number; readonly count: number },
  options: { readonly tenants: number; readonly bytes: number },
): Promise<void> {
  const store = openStore(location);
  for (const group of groupsOf(first, count, rowsPerInsert))
    await store.messages.insert({ messages: group.map((n) => messageInTurn(n, options)) });
  await store.close();
}
