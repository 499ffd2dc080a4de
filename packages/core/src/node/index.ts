export { nodeCall } from "./call.ts";
export type { NodeResponse } from "./listener.ts";
export { createListener, sendAnswer } from "./listener.ts";
