import type { OptionName } from "./arguments.ts";
import { api } from "./api/scenario.ts";
import { backlog } from "./backlog/scenario.ts";
import { dispatchers } from "./dispatchers/scenario.ts";
import { drain } from "./drain/scenario.ts";
import { send } from "./send/scenario.ts";
import { endpoints } from "./endpoints/scenario.ts";
import { idle } from "./idle/scenario.ts";
import { isolation } from "./isolation/scenario.ts";
import { latency } from "./latency/scenario.ts";
import { patterns } from "./patterns/scenario.ts";
import { soak } from "./soak/scenario.ts";
import type { Scenario } from "./scenario.ts";

/** Scenarios by name, in the order in which they are described. */
export const scenarios: ReadonlyMap<string, Scenario> = new Map([
  ["drain", drain],
  ["send", send],
  ["latency", latency],
  ["backlog", backlog],
  ["endpoints", endpoints],
  ["patterns", patterns],
  ["isolation", isolation],
  ["dispatchers", dispatchers],
  ["api", api],
  ["idle", idle],
  ["soak", soak],
]);

/** Scenarios that are programs of their own. */
export type Script = { readonly path: string; readonly takes: readonly OptionName[]; readonly about: string };

export const scripts: ReadonlyMap<string, Script> = new Map<string, Script>([
  ["claim", { path: "claim/main.ts", takes: [], about: "how long a claim takes with much and with little waiting" }],
  ["guard", { path: "guard/main.ts", takes: [], about: "what the guarded transport costs beside plain undici" }],
  ["handler", { path: "handler/main.ts", takes: [], about: "the HTTP API beside routes written by hand" }],
  ["signing", { path: "signing.ts", takes: [], about: "signatures a second beside the package standardwebhooks" }],
]);
