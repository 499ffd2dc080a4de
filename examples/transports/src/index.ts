export type { ProxyTransportOptions } from "./proxy-transport.ts";
export { proxyTransport } from "./proxy-transport.ts";
export type { RecordedRequest, RecordingTransportOptions } from "./recording-transport.ts";
export { recordingTransport } from "./recording-transport.ts";
