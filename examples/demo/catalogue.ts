import { defineEvents } from "@outhook/core";
import { z } from "zod";

/** Amounts are Brazilian centavos, rates are per month in basis points. */
const cents = z.int().nonnegative();
const basisPoints = z.int().positive();
const instant = z.iso.datetime();
const day = z.iso.date();

const customerFields = {
  id: z.string().startsWith("cust_"),
  external_id: z.string().nullable(),
  legal_name: z.string(),
  cnpj: z.string().regex(/^\d{2}\.\d{3}\.\d{3}\/\d{4}-\d{2}$/),
  email: z.email(),
  created_at: instant,
};

const creditOfferFields = {
  id: z.string().startsWith("co_"),
  customer_id: z.string().startsWith("cust_"),
  approved_amount: cents,
  monthly_rate_bps: basisPoints,
  installments: z.array(z.int().positive()),
  valid_until: instant,
};

const loanFields = {
  id: z.string().startsWith("ln_"),
  customer_id: z.string().startsWith("cust_"),
  credit_offer_id: z.string().startsWith("co_"),
  principal: cents,
  installments: z.int().positive(),
  monthly_rate_bps: basisPoints,
};

const signer = z.object({ name: z.string(), role: z.enum(["borrower", "guarantor", "lender"]) });
const payment = z.object({ installment_number: z.int().positive(), amount: cents, paid_at: instant });
const requirement = z.object({
  kind: z.enum(["articles_of_association", "owner_selfie", "bank_account"]),
  status: z.enum(["missing", "submitted", "approved", "rejected"]),
});

/** What the lender tells its partners: sixteen event types of three resources. */
export const events = defineEvents({
  "customer.created": z.object({ ...customerFields, status: z.literal("created") }),
  "customer.under_review": z.object({ ...customerFields, status: z.literal("under_review"), submitted_at: instant }),
  "customer.kyc_updated": z.object({
    ...customerFields,
    status: z.literal("under_review"),
    requirements: z.array(requirement),
  }),
  "customer.active": z.object({ ...customerFields, status: z.literal("active"), credit_limit: cents }),
  "credit_offer.available": z.object({ ...creditOfferFields, status: z.literal("available") }),
  "credit_offer.expired": z.object({ ...creditOfferFields, status: z.literal("expired"), expired_at: instant }),
  "loan.created": z.object({ ...loanFields, status: z.literal("created") }),
  "loan.contract_generated": z.object({
    ...loanFields,
    status: z.literal("contract_generated"),
    ccb_number: z.string(),
  }),
  "loan.awaiting_signatures": z.object({
    ...loanFields,
    status: z.literal("awaiting_signatures"),
    signing_url: z.url(),
    signers: z.array(signer),
  }),
  "loan.signed": z.object({ ...loanFields, status: z.literal("signed"), signed_at: instant }),
  "loan.disbursing": z.object({ ...loanFields, status: z.literal("disbursing"), pix_key: z.string() }),
  "loan.active": z.object({ ...loanFields, status: z.literal("active"), disbursed_at: instant, first_due_date: day }),
  "loan.payment_received": z.object({ ...loanFields, status: z.literal("active"), payment, outstanding: cents }),
  "loan.finished": z.object({ ...loanFields, status: z.literal("finished"), finished_at: instant, total_paid: cents }),
  "loan.cancelled": z.object({ ...loanFields, status: z.literal("cancelled"), reason: z.string() }),
  "loan.error": z.object({
    ...loanFields,
    status: z.literal("error"),
    error: z.object({ code: z.string(), message: z.string() }),
  }),
});
