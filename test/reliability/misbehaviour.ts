import type { Socket } from "node:net";
import type { ErrorClass } from "@outhook/core";

/** All four are for localhost, except `other-name`; all but `self-signed` are among those that Outhook trusts. */
export type Certificate = "trusted" | "self-signed" | "expired" | "other-name";

/** A receiver that does not do what receivers should, and what must come of a delivery to it. */
export type Misbehaviour = {
  /** What it does, to follow "a receiver that". */
  readonly name: string;
  /** Called with each connection; behind TLS when the handshake is done. */
  readonly onConnection?: (socket: Socket) => void;
  /** Called when the first bytes have come over a connection. */
  readonly onRequest?: (socket: Socket) => void;
  /** Makes it speak TLS. */
  readonly certificate?: Certificate;
  /** Default: `https` if it speaks TLS, else `http`. */
  readonly scheme?: "http" | "https";
  readonly isListening?: false;
  /** Of the message sent to it. Default: a few. */
  readonly bodyBytes?: number;
  /** How many messages it gets, each when the one before is settled. Default 1. */
  readonly messages?: number;
  /** Of the last message. */
  readonly expected: {
    /** The attempt's status code or error class. */
    readonly outcome: number | ErrorClass;
    readonly status: "succeeded" | "pending" | "failed";
    readonly responseBody?: RegExp;
    /** When the next attempt is due. Default: after the first delay of the schedule, 60. */
    readonly retryInSeconds?: number;
  };
};
