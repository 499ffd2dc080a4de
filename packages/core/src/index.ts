export { lostError } from "./attempt.ts";
export type { Clock } from "./clock.ts";
export { systemClock } from "./clock.ts";
export { schedules } from "./backoff.ts";
export type { Deliveries, Messages } from "./deliveries.ts";
export type { Dispatcher, RunResult } from "./dispatcher.ts";
export type { EndpointFields, EndpointPatch, NewEndpoint } from "./endpoint-input.ts";
export type { Endpoints } from "./endpoints.ts";
export type { ErrorCode, ErrorDetail } from "./errors.ts";
export { isOuthookError, OuthookError } from "./errors.ts";
export type { AnyEvents, EventCatalogue, EventDefinitions, EventTypeOf, PatternOf, PayloadOf } from "./events.ts";
export { defineEvents } from "./events.ts";
export { healthAfter, newHealth } from "./health.ts";
export type { HealthEvent } from "./health.ts";
export type { IdempotencyOptions } from "./idempotency.ts";
export { createHttpTransport } from "./http-transport/index.ts";
export type { HttpTransportOptions } from "./http-transport/index.ts";
export { deliveryIdHeadOf, deliveryIdOf, newId } from "./id.ts";
export type { DeliveryReport, ReportName, Reports } from "./listeners.ts";
export type { Logger } from "./logger.ts";
export { memoryStore } from "./memory-store/index.ts";
export type {
  Attempt,
  Delivery,
  DeliveryStatus,
  DisabledReason,
  Endpoint,
  EndpointHealth,
  EndpointStatus,
  ErrorClass,
  Lane,
  Message,
  Outcome,
  SigningVersion,
  StoredAnswer,
  StoredEndpoint,
  StoredSecret,
} from "./model.ts";
export type { AddressVerdict, NetworkPolicy } from "./network.ts";
export { createNetworkPolicy } from "./network.ts";
export type { NameResolver, NetworkOptions } from "./network-options.ts";
export type { DispatcherOptions, EnvelopeInput, LimitOptions, OuthookOptions, WireOptions } from "./options.ts";
export type { Outhook } from "./outhook.ts";
export { createOuthook } from "./outhook.ts";
export type { Page, PageOptions } from "./page.ts";
export type { PartitionLayout } from "./partition.ts";
export { allPartitions, defaultPartitions, ownedPartitions, partitionOf, partitionsOf } from "./partition.ts";
export type { ResealOptions, ResealProgress, ResealResult } from "./reseal.ts";
export type { SecretKeys } from "./secret-box.ts";
export { keyIdOf } from "./secret-box.ts";
export { generateSecret, parseSecret, publicKeyOf } from "./secret.ts";
export type { Claim, Settlement, SettleResult } from "./settlement.ts";
export type { PreparedSend, SendOptions, SendResult } from "./send.ts";
export type { Signer } from "./signature.ts";
export { createSigner } from "./signature.ts";
export type { EndpointStore, EndpointWithSecrets, TenantEndpoints } from "./store/endpoints.ts";
export type { DeliveryStore, FanOut } from "./store/deliveries.ts";
export type { Store } from "./store/index.ts";
export type { LogStore } from "./store/log.ts";
export type { InsertOutcome, MessageStore, NewMessage, OnInserted, SqlStatement } from "./store/messages.ts";
export type { SealedText, SecretStore } from "./store/secrets.ts";
export type { StoreIdentity, UpkeepStore } from "./store/upkeep.ts";
export type { Tenant } from "./tenant.ts";
export type { TestSend } from "./test-send.ts";
export type { TextMapPatch } from "./text-map.ts";
export type { Transport, TransportRequest } from "./transport.ts";
