import type { DeliveryStatus, DisabledReason, EndpointStatus, ErrorClass, Lane, SigningVersion } from "@outhook/core";

/**
 * The tables, for Kysely. Instants are epoch milliseconds.
 *
 * `partition` leads the keys of messages, deliveries, queue and attempts; there are no foreign keys, so that the tables of
 * endpoints and those of deliveries may lie in different databases.
 */
export type Database = {
  outhook_meta: MetaTable;
  outhook_migrations: MigrationTable;
  outhook_tenants: TenantTable;
  outhook_endpoints: EndpointTable;
  outhook_secrets: SecretTable;
  outhook_answers: AnswerTable;
  outhook_messages: MessageTable;
  outhook_deliveries: DeliveryTable;
  outhook_queue: QueueTable;
  outhook_attempts: AttemptTable;
  outhook_health: HealthTable;
  outhook_dispatchers: DispatcherTable;
};

/** Facts about the database: `environment`, `partitions`. */
export type MetaTable = { name: string; value: string };

/** The migrations that ran. */
export type MigrationTable = {
  id: string;
  /** 1 when versions of Outhook that do not know it must not run on it. */
  breaking: number;
  applied_at: number;
};

export type TenantTable = { tenant: string; revision: number };

export type EndpointTable = {
  tenant: string;
  id: string;
  url: string;
  /** A JSON list of patterns. */
  events: string;
  description: string | null;
  status: EndpointStatus;
  disabled_reason: DisabledReason | null;
  timeout_seconds: number;
  max_retries: number | null;
  /** Requests a second; null for any number. */
  rate_limit: number | null;
  signing_version: SigningVersion;
  secret_hint: string;
  public_key: string | null;
  /** A JSON object of texts. */
  metadata: string;
  /** A JSON list of names. */
  header_names: string;
  sealed_headers: string | null;
  /** Which key sealed them, by `keyIdOf`. */
  headers_key_id: string | null;
  last_verified_at: number | null;
  created_at: number;
  updated_at: number;
};

export type SecretTable = {
  tenant: string;
  endpoint_id: string;
  id: string;
  sealed: string;
  /** Which key sealed it, by `keyIdOf`; that it can be looked up. */
  key_id: string;
  created_at: number;
  expires_at: number | null;
};

/** What requests under idempotency keys were answered. */
export type AnswerTable = {
  tenant: string;
  scope: string;
  key: string;
  fingerprint: string;
  sealed: string;
  key_id: string;
  created_at: number;
  expires_at: number;
};

export type MessageTable = {
  partition: number;
  id: string;
  tenant: string;
  type: string;
  created_at: number;
  /** 0 while it waits for fan-out, then 1. */
  fanned_out: number;
  idempotency_key: string | null;
  payload_hash: string | null;
  body: string;
};

export type DeliveryTable = {
  partition: number;
  id: string;
  tenant: string;
  message_id: string;
  endpoint_id: string;
  type: string;
  status: DeliveryStatus;
  lane: Lane;
  /** When a claim may take it, the end of its lease while it has one; null unless pending. */
  due_at: number | null;
  /** When the lease that stands on it was taken; null for none. */
  leased_at: number | null;
  fence: number;
  attempts: number;
  scheduled_attempts: number | null;
  created_at: number;
  updated_at: number;
};

/** One row per partition, endpoint and lane: what a claim looks at before any delivery. */
export type QueueTable = {
  partition: number;
  endpoint_id: string;
  lane: Lane;
  /** The earliest `due_at` of its pending deliveries; null when none is pending. */
  next_due_at: number | null;
  /** Null in the manual lane. */
  held_until: number | null;
  /** Deliveries a second that claims may take; null for any number, and in the manual lane. */
  pace: number | null;
  /** When a claim last took something of it. */
  served_at: number | null;
  /** The latest of the three instants; null when nothing is pending. A claim before `served_at`, by a clock set back, moves both. */
  ready_at: number | null;
};

export type AttemptTable = {
  partition: number;
  delivery_id: string;
  number: number;
  started_at: number;
  duration_ms: number;
  status_code: number | null;
  error_class: ErrorClass | null;
  error: string | null;
  signature: string | null;
  response_body: string | null;
};

export type HealthTable = {
  endpoint_id: string;
  consecutive_failures: number;
  exhausted_in_row: number;
  failing_since: number | null;
  last_delivery_at: number | null;
  last_success_at: number | null;
  last_error: string | null;
};

export type DispatcherTable = { id: string; expires_at: number };
