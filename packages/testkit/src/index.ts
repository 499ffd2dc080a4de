export type { ManualClock } from "./manual-clock.ts";
export { manualClock } from "./manual-clock.ts";
export type { StoreFixture, StoreHandle } from "./store-conformance/case.ts";
export type { ConformanceCase, SkippedCase } from "./store-conformance/index.ts";
export { storeConformance } from "./store-conformance/index.ts";
