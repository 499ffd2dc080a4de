import { longestHoldOf } from "./breaker.ts";
import { createBreakers } from "./breakers.ts";
import { createDeliver } from "./deliver.ts";
import type { DeliverReports } from "./deliver.ts";
import type { Directory } from "./directory.ts";
import type { Run } from "./dispatcher.ts";
import { createPacing } from "./pacing.ts";
import type { Settings } from "./settings.ts";
import { createPump } from "./pump.ts";
import { createSettler } from "./settler.ts";
import type { DeliveryStore } from "./store/deliveries.ts";
import type { MessageStore } from "./store/messages.ts";
import type { Transport } from "./transport.ts";

/** Puts together one life of the engine: what is in flight belongs to it and ends with it. */
export function createRun(input: {
  readonly messages: Pick<MessageStore<never>, "awaitingFanOut">;
  readonly deliveries: DeliveryStore;
  readonly directory: Directory;
  readonly transport: Transport;
  readonly settings: Settings;
  readonly reports: DeliverReports;
  readonly onChange: () => void;
}): Run {
  const { messages, deliveries, directory, transport, settings, reports, onChange } = input;
  const { perEndpoint, scheduleSeconds } = settings;
  let aborted = false;
  const settler = createSettler({ deliveries, settings });
  const breakers = createBreakers({ perEndpoint, longestHoldMs: longestHoldOf(scheduleSeconds) });
  const pacing = createPacing({ deliveries, directory, settings });
  const deliver = createDeliver({
    directory,
    transport,
    pacing,
    breakers,
    settings,
    reports,
    isAborted: () => aborted,
  });
  return {
    pump: createPump({ messages, deliveries, directory, deliver, breakers, settler, settings, onChange }),
    abort: async () => {
      aborted = true;
      await transport.close();
    },
    giveUp: settler.giveUp,
  };
}
