export type { AttemptView } from "./attempt-view.ts";
export { attemptView } from "./attempt-view.ts";
export type { Answer, Call, CallBody } from "./call.ts";
export { belowMount } from "./call.ts";
export type {
  Contract,
  Fault,
  FaultItem,
  FaultPlace,
  Method,
  Operation,
  OperationRequest,
  Principal,
  Reply,
} from "./contract.ts";
export { defineContract } from "./define-contract.ts";
export type { EndpointView } from "./endpoint-view.ts";
export { endpointView, isoInstant } from "./endpoint-view.ts";
export type { EventTypeDetails, JsonSchema } from "./event-types.ts";
export { eventTypesOf } from "./event-types.ts";
export type { Field, Fields } from "./fields.ts";
export type { Handler } from "./handler.ts";
export { createHandler, webCall, webResponse } from "./handler.ts";
export type { EndpointDetails, RouteText } from "./operations.ts";
export {
  createEndpoint,
  deleteEndpoint,
  getEndpoint,
  listEndpoints,
  readOperation,
  rotateSecret,
  testEndpoint,
  updateEndpoint,
} from "./operations.ts";
export { problemAnswer } from "./problem-answer.ts";
export { openApiDocument } from "./openapi.ts";
export { problemReply } from "./problem-reply.ts";
export type { RateLimit, RateLimitResult } from "./rate-limit.ts";
export type { HandlerOptions, ManagedOuthook, Responder } from "./responder.ts";
export { createResponder } from "./responder.ts";
export { standardContract } from "./standard-contract.ts";
