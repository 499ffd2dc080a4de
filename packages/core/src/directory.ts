import { createMatcher } from "./matcher.ts";
import type { Clock } from "./clock.ts";
import type { Endpoint } from "./model.ts";
import type { SecretBox } from "./secret-box.ts";
import type { Signer } from "./signature.ts";
import { createSigner } from "./signature.ts";
import type { EndpointStore, EndpointWithSecrets } from "./store/endpoints.ts";

/** An endpoint as a dispatcher needs it. */
export type KnownEndpoint = {
  readonly endpoint: Endpoint;
  /** Signs with every secret in force at that instant, newest first. Throws when a secret cannot be opened. */
  readonly signerAt: (now: number) => Signer;
};

/** A tenant's endpoints as of one revision. */
export type KnownTenant = {
  readonly byId: ReadonlyMap<string, KnownEndpoint>;
  /** The endpoints that want messages of a type, each once. */
  readonly match: (type: string) => readonly KnownEndpoint[];
};

/**
 * What a dispatcher knows of endpoints: compiled once per tenant and revision, checked against the tenants' revisions
 * by one small read, and never trusted for longer than a second without.
 */
export type Directory = {
  /** Checks these tenants' revisions now and reads those that changed. */
  readonly refresh: (tenants: Iterable<string>) => Promise<void>;
  /** The tenant as it was at most a second ago. */
  readonly tenant: (tenant: string) => KnownTenant | Promise<KnownTenant>;
  /** Drops what is known of a tenant, after a change made in this process. */
  readonly forget: (tenant: string) => void;
};

/** How long knowledge is trusted without a look at the revision. */
const maxAgeMs = 1_000;

type Entry = { readonly revision: number; readonly known: KnownTenant; checkedAt: number };

const nobody: KnownTenant = { byId: new Map(), match: () => [] };

export function createDirectory(input: {
  readonly endpoints: EndpointStore;
  readonly secretBox: SecretBox;
  readonly clock: Clock;
  /** Endpoints kept in memory, about 1 KiB each; the tenant read longest ago goes first. Default 20,000. */
  readonly maxEndpoints?: number | undefined;
}): Directory {
  const { endpoints, secretBox, clock, maxEndpoints = 20_000 } = input;
  const entries = new Map<string, Entry>();
  let held = 0;
  let changes = 0;

  const drop = (tenant: string): void => {
    const entry = entries.get(tenant);
    if (entry === undefined) return;
    held -= entry.known.byId.size;
    entries.delete(tenant);
  };

  const keep = (tenant: string, entry: Entry): void => {
    drop(tenant);
    entries.set(tenant, entry);
    held += entry.known.byId.size;
    for (const oldest of entries.keys()) {
      if (held <= maxEndpoints || oldest === tenant) break;
      drop(oldest);
    }
  };

  const refresh = async (tenants: Iterable<string>): Promise<void> => {
    // Taken before the read, so that knowledge is never younger than it claims to be.
    const checkedAt = clock.monotonic();
    const changesBefore = changes;
    const names = [...new Set(tenants)];
    const revisions = await endpoints.revisions({ tenants: names });
    for (const tenant of names) {
      const entry = entries.get(tenant);
      const revision = revisions.get(tenant) ?? 0;
      if (entry?.revision === revision) {
        if (changes === changesBefore) entry.checkedAt = Math.max(entry.checkedAt, checkedAt);
        continue;
      }
      const read = revision === 0 ? null : await endpoints.ofTenant({ tenant });
      keep(tenant, {
        revision: read?.revision ?? 0,
        known: read === null ? nobody : know(read.endpoints, secretBox),
        // A change made in this process meanwhile may be missing from what was read: look again at the next use.
        checkedAt: changes === changesBefore ? checkedAt : -Infinity,
      });
    }
  };

  const tenant = (name: string): KnownTenant | Promise<KnownTenant> => {
    const entry = entries.get(name);
    if (entry !== undefined && clock.monotonic() - entry.checkedAt < maxAgeMs) return entry.known;
    return refresh([name]).then(() => entries.get(name)?.known ?? nobody);
  };

  const forget = (name: string): void => {
    changes += 1;
    drop(name);
  };

  return { refresh, tenant, forget };
}

function know(records: readonly EndpointWithSecrets[], secretBox: SecretBox): KnownTenant {
  const known = records.map((record) => knowEndpoint(record, secretBox));
  return {
    byId: new Map(known.map((one) => [one.endpoint.id, one])),
    match: createMatcher(known.map((one) => ({ patterns: one.endpoint.events, value: one }))),
  };
}

function knowEndpoint({ endpoint, secrets }: EndpointWithSecrets, secretBox: SecretBox): KnownEndpoint {
  let signer: Signer | null = null;
  let validFrom = 0;
  let validUntil = 0;
  return {
    endpoint,
    signerAt: (now) => {
      if (signer !== null && now >= validFrom && now < validUntil) return signer;
      const inForce = secrets.filter((secret) => secret.expiresAt === null || secret.expiresAt > now);
      signer = createSigner(
        inForce.map(({ id, sealed }) =>
          secretBox.open(sealed, { tenant: endpoint.tenant, endpointId: endpoint.id, secretId: id }),
        ),
      );
      validFrom = now;
      validUntil = Math.min(Infinity, ...inForce.flatMap(({ expiresAt }) => expiresAt ?? []));
      return signer;
    },
  };
}
