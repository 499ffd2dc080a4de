/** An app with Outhook in it: it sends, or dispatches, or both. */
import type { AnyEvents, Outhook } from "../../packages/core/src/index.ts";
import { serve } from "../process/serve.ts";
import type { Location, StoreOptions } from "../stores.ts";
import { openOuthook } from "../stores.ts";
import type { SteadyLoad } from "./steady.ts";
import { sendSteadily } from "./steady.ts";

export type AppCommands = typeof commands;

let outhook: Outhook<AnyEvents, never> | null = null;
let settled = 0;

function required(): Outhook<AnyEvents, never> {
  if (outhook === null) throw new Error("`open` comes first");
  return outhook;
}

const commands = {
  open: (location: Location, options: StoreOptions): void => {
    outhook = openOuthook(location, options);
    outhook.on("delivery.succeeded", () => (settled += 1));
  },
  /** Deliveries that succeeded here. */
  settled: (): number => settled,
  startDispatcher: (): Promise<void> => required().dispatcher.start(),
  sendSteadily: (load: SteadyLoad): Promise<void> => sendSteadily(required(), load),
  close: async (): Promise<void> => {
    await required().dispatcher.stop({ graceMs: 1_000 });
    await required().close();
  },
};

serve(commands);
