import { attemptOf } from "./attempt.ts";
import type { Directory, KnownEndpoint } from "./directory.ts";
import { OuthookError } from "./errors.ts";
import { newId } from "./id.ts";
import type { Attempt } from "./model.ts";
import { envelope } from "./send.ts";
import type { Settings } from "./settings.ts";
import { signedRequest } from "./signed-request.ts";
import type { EndpointStore } from "./store/endpoints.ts";
import type { Transport } from "./transport.ts";

/**
 * What came of a test message.
 *
 * @example
 * const { succeeded, attempt } = await acme.endpoints.test(endpointId);
 * if (!succeeded) console.log(attempt.error ?? `HTTP ${attempt.statusCode}`);
 */
export type TestSend = {
  /** Whether the receiver answered with 2xx. */
  readonly succeeded: boolean;
  /** The one request. `messageId` is its `webhook-id`; nothing of it is kept. */
  readonly attempt: Omit<Attempt, "deliveryId" | "number"> & { readonly messageId: string };
};

/** Sends test messages, which are in no queue and in no log. */
export type TestSends = {
  /** `null` when the tenant has no such endpoint. */
  readonly send: (tenant: string, endpointId: string) => Promise<TestSend | null>;
  /** From now on none begins. Those that are open end with the transport. */
  readonly close: () => void;
};

/** The type in the envelope of a test message, which no catalogue has to know and no pattern decides about. */
const testEventType = "webhook.test";
/** Test messages that may be open at once in this process, and of one tenant; of one endpoint it is one. */
const mostOpen = 16;
const mostOfTenant = 4;

export function createTestSends(input: {
  readonly endpoints: EndpointStore;
  readonly directory: Directory;
  readonly transport: Transport;
  /** Throws when nothing may be sent from here, as from a copy of the database. */
  readonly checkIdentity: () => Promise<void>;
  readonly settings: Settings;
}): TestSends {
  const { endpoints, directory, transport, checkIdentity, settings } = input;
  const { clock, idPrefixes } = settings;
  /** Endpoints to which one is open, with their tenants. */
  const open = new Map<string, string>();
  let closed = false;

  const begin = (tenant: string, endpointId: string): void => {
    if (closed) throw stopped();
    if (open.has(endpointId)) throw rateLimited(`a test message to endpoint ${endpointId} is open; wait for its end`);
    const ofTenant = [...open.values()].filter((other) => other === tenant).length;
    if (ofTenant >= mostOfTenant || open.size >= mostOpen) {
      throw rateLimited("as many test messages are open as may be; wait until one has ended");
    }
    open.set(endpointId, tenant);
  };

  const attempt = async (known: KnownEndpoint): Promise<TestSend["attempt"]> => {
    const { tenant } = known.endpoint;
    const id = newId(idPrefixes.message);
    const startedAt = clock.now();
    const began = clock.monotonic();
    const made = { id, type: testEventType, tenant, createdAt: startedAt, validated: {}, payload: "{}" };
    const body = envelope(settings, made);
    const { request, signature } = signedRequest(known, { id, body }, startedAt, settings);
    const outcome = await transport.send(request);
    const recorded = attemptOf(outcome);
    if (recorded !== null) {
      return { messageId: id, startedAt, durationMs: Math.round(clock.monotonic() - began), signature, ...recorded };
    }
    if (closed) throw stopped();
    const hint = outcome.kind === "local" ? outcome.message : undefined;
    throw new OuthookError("internal", "the test message could not be sent from here", { hint });
  };

  return {
    send: async (tenant, endpointId) => {
      await checkIdentity();
      const known = (await directory.read([tenant])).get(tenant)?.byId.get(endpointId);
      if (known === undefined) return null;
      begin(tenant, endpointId);
      try {
        const made = await attempt(known);
        const succeeded = made.statusCode !== null && made.statusCode >= 200 && made.statusCode <= 299;
        const { url } = known.endpoint;
        if (succeeded) await endpoints.verified({ tenant, id: endpointId, url, at: clock.now() });
        return { succeeded, attempt: made };
      } finally {
        open.delete(endpointId);
      }
    },
    close: () => {
      closed = true;
    },
  };
}

function stopped(): OuthookError {
  return new OuthookError("stopped", "the app is closing, and sends no test messages any more");
}

function rateLimited(fault: string): OuthookError {
  return new OuthookError("rate_limited", fault);
}
