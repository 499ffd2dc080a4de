import type { Transport } from "@outhook/core";
import type { Receiver, ReceiverOptions } from "../receiver.ts";
import type { Answer, Listener } from "./listener.ts";

/** A transport under test with what a case needs of its surroundings. */
export type TransportHandle = {
  /** Free to send to any port of 127.0.0.1, over `http:` too. */
  readonly transport: Transport;
  /** Closes the transport, which a case may have closed already, and what it needs around it. */
  readonly destroy: () => Promise<void>;
};

/** How the kit gets transports; every case asks for its own. */
export type TransportFixture = { readonly create: () => Promise<TransportHandle> };

/** What a case may use. What it starts is closed when it ends. */
export type TransportRig = {
  readonly transport: Transport;
  /** Starts a receiver that speaks HTTP. */
  readonly receive: (options?: ReceiverOptions) => Promise<Receiver>;
  /** Starts a receiver that speaks as `answer` does, which is called once a connection, when its first bytes have come. */
  readonly listen: (answer: Answer) => Promise<Listener>;
  /** Starts a receiver with TLS whose certificate nobody has signed but itself. */
  readonly listenSelfSigned: (answer: Answer) => Promise<Listener>;
};

/** One clause of the port. */
export type TransportCase = {
  /** A sentence about behaviour. */
  readonly name: string;
  readonly run: (rig: TransportRig) => Promise<void>;
};

/** The clauses about one part of the port. */
export type TransportCaseGroup = { readonly group: string; readonly cases: readonly TransportCase[] };
