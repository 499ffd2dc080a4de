import type { EventTypeOf, PatternOf, PayloadOf } from "@outhook/core";
import type { events } from "./catalogue.ts";

export type EventType = EventTypeOf<typeof events>;
export type Pattern = PatternOf<typeof events>;

/** An event type with a payload that fits its schema. */
export type Sample = {
  [Type in EventType]: { readonly type: Type; readonly data: PayloadOf<typeof events, Type> };
}[EventType];

const customer = {
  id: "cust_01k4tq7m3x",
  external_id: "loja-00412",
  legal_name: "Padaria São Jorge Ltda",
  cnpj: "11.222.333/0001-81",
  email: "financeiro@padariasaojorge.example",
  created_at: "2026-03-02T12:04:11Z",
};

const creditOffer = {
  id: "co_01k4v09r5d",
  customer_id: customer.id,
  approved_amount: 3_000_000,
  monthly_rate_bps: 289,
  installments: [6, 12, 18],
  valid_until: "2026-03-18T02:59:59Z",
};

const loan = {
  id: "ln_01k4v2zc8h",
  customer_id: customer.id,
  credit_offer_id: creditOffer.id,
  principal: 2_500_000,
  installments: 12,
  monthly_rate_bps: 289,
};

/** One message of each event type, in the order in which they happen to a customer and its loans. */
export const samples: readonly Sample[] = [
  { type: "customer.created", data: { ...customer, status: "created" } },
  {
    type: "customer.under_review",
    data: { ...customer, status: "under_review", submitted_at: "2026-03-02T12:31:40Z" },
  },
  {
    type: "customer.kyc_updated",
    data: {
      ...customer,
      status: "under_review",
      requirements: [
        { kind: "articles_of_association", status: "approved" },
        { kind: "owner_selfie", status: "submitted" },
        { kind: "bank_account", status: "missing" },
      ],
    },
  },
  { type: "customer.active", data: { ...customer, status: "active", credit_limit: 4_000_000 } },
  { type: "credit_offer.available", data: { ...creditOffer, status: "available" } },
  {
    type: "credit_offer.expired",
    data: { ...creditOffer, id: "co_01k3m8w2pa", status: "expired", expired_at: "2026-03-04T02:59:59Z" },
  },
  { type: "loan.created", data: { ...loan, status: "created" } },
  { type: "loan.contract_generated", data: { ...loan, status: "contract_generated", ccb_number: "CCB-2026-0009144" } },
  {
    type: "loan.awaiting_signatures",
    data: {
      ...loan,
      status: "awaiting_signatures",
      signing_url: "https://assinatura.example/ccb/2026-0009144",
      signers: [
        { name: "Maria Conceição Prado", role: "borrower" },
        { name: "João Batista Prado", role: "guarantor" },
      ],
    },
  },
  { type: "loan.signed", data: { ...loan, status: "signed", signed_at: "2026-03-04T17:20:05Z" } },
  { type: "loan.disbursing", data: { ...loan, status: "disbursing", pix_key: customer.email } },
  {
    type: "loan.active",
    data: { ...loan, status: "active", disbursed_at: "2026-03-04T17:22:48Z", first_due_date: "2026-04-06" },
  },
  {
    type: "loan.payment_received",
    data: {
      ...loan,
      status: "active",
      payment: { installment_number: 1, amount: 249_509, paid_at: "2026-04-06T13:02:19Z" },
      outstanding: 2_322_741,
    },
  },
  {
    type: "loan.finished",
    data: { ...loan, status: "finished", finished_at: "2027-03-05T11:40:00Z", total_paid: 2_994_108 },
  },
  {
    type: "loan.cancelled",
    data: { ...loan, id: "ln_01k5c7d0xe", status: "cancelled", reason: "The contract was not signed within 7 days" },
  },
  {
    type: "loan.error",
    data: {
      ...loan,
      id: "ln_01k5e3qv4m",
      status: "error",
      error: { code: "pix_key_rejected", message: "The bank of the recipient rejected the Pix key" },
    },
  },
];

/** The event types of the catalogue, each of which has one sample. */
export const eventTypes: readonly EventType[] = samples.map(({ type }) => type);
