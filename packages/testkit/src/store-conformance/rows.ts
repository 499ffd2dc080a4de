import type { NewMessage, StoredAnswer, StoredEndpoint, StoredSecret } from "@outhook/core";

/** When most cases begin. */
export const t0: number = Date.UTC(2026, 0, 5, 9, 0, 0, 123);
export const second = 1_000;
export const minute = 60_000;
export const hour = 3_600_000;

export const identity = { environment: "conformance", partitions: 8 } as const;
export const everywhere: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7];
/** Where rows lie unless a case says otherwise. */
export const home = 3;
export const elsewhere = 5;

/** An id shaped as in production, whose order is that of `n`. */
function idOf(prefix: string, n: number): string {
  return `${prefix}${n.toString(16).padStart(16, "0")}${"0".repeat(16)}`;
}

export function endpointId(n: number): string {
  return idOf("we_", n);
}

export function messageId(n: number): string {
  return idOf("evt_", n);
}

export function endpointRow(n: number, changes: Partial<StoredEndpoint> = {}): StoredEndpoint {
  return {
    id: endpointId(n),
    tenant: "acme",
    url: `https://example.com/hooks/${n}`,
    events: ["loan.*"],
    description: null,
    status: "active",
    disabledReason: null,
    timeoutSeconds: 15,
    maxRetries: null,
    rateLimit: null,
    signingVersion: "v1",
    secretHint: "whsec_…0000",
    publicKey: null,
    metadata: {},
    headerNames: [],
    sealedHeaders: null,
    lastVerifiedAt: null,
    createdAt: t0 + n,
    updatedAt: t0 + n,
    ...changes,
  };
}

export function secretRow(n: number, changes: Partial<StoredSecret> = {}): StoredSecret {
  return { id: idOf("sec_", n), sealed: `sealed ${n}`, createdAt: t0 + n, expiresAt: null, ...changes };
}

/** The answer to the creation of an endpoint. */
export function answerRow(changes: Partial<StoredAnswer> = {}): StoredAnswer {
  return {
    tenant: "acme",
    scope: "endpoints.create",
    key: "key 1",
    fingerprint: "fingerprint",
    sealed: "sealed answer",
    createdAt: t0,
    expiresAt: t0 + 24 * hour,
    ...changes,
  };
}

export function messageRow(n: number, changes: Partial<NewMessage> = {}): NewMessage {
  return {
    id: messageId(n),
    partition: home,
    tenant: "acme",
    type: "loan.active",
    body: `{"type":"loan.active","data":{"n":${n}}}`,
    createdAt: t0 + n,
    idempotencyKey: null,
    payloadHash: null,
    ...changes,
  };
}
