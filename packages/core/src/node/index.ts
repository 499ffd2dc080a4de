export { nodeCall } from "./call.ts";
export { createListener, sendAnswer } from "./listener.ts";
