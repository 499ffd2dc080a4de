/**
 * What a store needs at run time, without the engine: a store that runs in a thread of its own loads only this.
 */
export { lostError } from "./attempt.ts";
export type { ErrorCode, ErrorDetail } from "./errors.ts";
export { isOuthookError, OuthookError } from "./errors.ts";
export type { HealthEvent } from "./health.ts";
export { healthAfter, newHealth } from "./health.ts";
export { deliveryIdHeadOf } from "./id.ts";
export { keyIdOf } from "./secret-box.ts";
