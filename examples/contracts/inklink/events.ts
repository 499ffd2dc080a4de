import { defineEvents } from "@outhook/core";
import { z } from "zod";

const payload = z.looseObject({});

/** InkLink's event types: a closed list. */
export const events = defineEvents({
  "kyc.result.pending": payload,
  "kyc.result.manual_review": payload,
  "kyc.result.approved": payload,
  "kyc.result.rejected": payload,
  "kyc.result.failed": payload,
  "web.result.pending": payload,
  "web.result.manual_review": payload,
  "web.result.approved": payload,
  "web.result.rejected": payload,
  "web.result.failed": payload,
});

export const eventTypes: readonly string[] = Object.keys(events.definitions);
