export type { ConformanceCase, SkippedCase } from "./cases.ts";
export { httpConformance } from "./http-conformance/index.ts";
export type { HttpHost, HttpMount, RunningMount } from "./http-conformance/mount.ts";
export { startServer } from "./http-conformance/mount.ts";
export type { ManualClock } from "./manual-clock.ts";
export { manualClock } from "./manual-clock.ts";
export type { ReceivedRequest, Receiver, ReceiverOptions, Reply } from "./receiver.ts";
export { startReceiver } from "./receiver.ts";
export type { HostTransaction, StoreFixture, StoreHandle } from "./store-conformance/case.ts";
export { storeConformance } from "./store-conformance/index.ts";
export type { TransportFixture, TransportHandle } from "./transport-conformance/case.ts";
export { transportConformance } from "./transport-conformance/index.ts";
// Both files call what they hold a received request; the receiver's is the one that a test meets.
export type { ReceivedRequest as RequestToVerify, Verification } from "./verify.ts";
export { verifyRequest } from "./verify.ts";
