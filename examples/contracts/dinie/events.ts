import { defineEvents } from "@outhook/core";
import { z } from "zod";

const payload = z.looseObject({});

/** Dinie's event types. */
export const events = defineEvents({
  "customer.created": payload,
  "customer.under_review": payload,
  "customer.kyc_updated": payload,
  "customer.active": payload,
  "credit_offer.available": payload,
  "credit_offer.expired": payload,
  "loan.created": payload,
  "loan.contract_generated": payload,
  "loan.awaiting_signatures": payload,
  "loan.signed": payload,
  "loan.disbursing": payload,
  "loan.active": payload,
  "loan.payment_received": payload,
  "loan.finished": payload,
  "loan.cancelled": payload,
  "loan.error": payload,
});
