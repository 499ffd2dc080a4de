import { setImmediate as breathe } from "node:timers/promises";
import { createMatcher } from "./matcher.ts";
import type { Clock } from "./clock.ts";
import { openHeaders } from "./custom-headers.ts";
import { OuthookError } from "./errors.ts";
import type { Endpoint } from "./model.ts";
import type { SecretBox } from "./secret-box.ts";
import type { Signer } from "./signature.ts";
import { createSigner } from "./signature.ts";
import type { EndpointStore, EndpointWithSecrets } from "./store/endpoints.ts";
import type { TextMap } from "./text-map.ts";

/** An endpoint as a dispatcher needs it. */
export type KnownEndpoint = {
  readonly endpoint: Endpoint;
  /** The origin of its URL. */
  readonly origin: string;
  /** Signs with every secret in force at that instant, newest first. Throws when a secret cannot be opened. */
  readonly signerAt: (now: number) => Signer;
  /** Its custom headers. Throws when they cannot be opened. */
  readonly headers: () => TextMap;
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
  /** The tenants as they are now: asks for their revisions, and reads those that changed. Holds each of those named. */
  readonly read: (tenants: Iterable<string>) => Promise<ReadonlyMap<string, KnownTenant>>;
  /** The tenant as it was at most a second ago. Callers at the same time share one read. */
  readonly tenant: (tenant: string) => KnownTenant | Promise<KnownTenant>;
  /** The tenant as it was when it was last read; `undefined` when it is not in memory. */
  readonly recall: (tenant: string) => KnownTenant | undefined;
  /** Drops what is known of a tenant, after a change made in this process. */
  readonly forget: (tenant: string) => void;
};

/** How long knowledge is trusted without a look at the revision. */
const maxAgeMs = 1_000;
/** Reads in a row for one that changes made in this process keep overtaking. */
const mostRounds = 5;

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
  let reading: Promise<unknown> = Promise.resolve();
  let next: { readonly tenants: Set<string>; readonly found: Promise<ReadonlyMap<string, KnownTenant>> } | null = null;

  const drop = (tenant: string): void => {
    const entry = entries.get(tenant);
    if (entry === undefined) return;
    held -= weightOf(entry);
    entries.delete(tenant);
  };

  const keep = (tenant: string, entry: Entry): void => {
    // Reads overtake each other; an older one must not come back.
    if ((entries.get(tenant)?.revision ?? 0) > entry.revision) return;
    drop(tenant);
    entries.set(tenant, entry);
    held += weightOf(entry);
    for (const oldest of entries.keys()) {
      if (held <= maxEndpoints || oldest === tenant) break;
      drop(oldest);
    }
  };

  const readOnce = async (names: readonly string[]): Promise<ReadonlyMap<string, KnownTenant>> => {
    // Taken before the read, so that knowledge is never younger than it claims to be.
    const asked = clock.monotonic();
    const changesBefore = changes;
    // A change made in this process meanwhile may be missing from what is read: then it is not trusted after this call.
    const checkedAt = (): number => (changes === changesBefore ? asked : -Infinity);
    const revisions = await endpoints.revisions({ tenants: names });
    const found = new Map<string, KnownTenant>();
    let unread: readonly string[] = names.filter((tenant) => {
      const entry = entries.get(tenant);
      const revision = revisions.get(tenant) ?? 0;
      if (entry !== undefined && entry.revision >= revision) {
        entry.checkedAt = Math.max(entry.checkedAt, checkedAt());
        found.set(tenant, entry.known);
        return false;
      }
      if (revision > 0) return true;
      found.set(tenant, nobody);
      keep(tenant, { revision, known: nobody, checkedAt: checkedAt() });
      return false;
    });
    while (unread.length > 0) {
      const read = await endpoints.ofTenants({ tenants: unread });
      if (!unread.some((tenant) => read.has(tenant))) {
        throw new OuthookError("internal", "the store answered for none of the tenants that it was asked for");
      }
      for (const [tenant, { revision, endpoints: records }] of read) {
        const known = know(records, secretBox);
        found.set(tenant, known);
        keep(tenant, { revision, known, checkedAt: checkedAt() });
      }
      unread = unread.filter((tenant) => !read.has(tenant));
      // A store on SQLite answers without giving way to anything.
      if (unread.length > 0) await breathe();
    }
    return found;
  };

  /**
   * Again when a change was made in this process meanwhile, which what was read may lack: a secret that was rotated away must
   * not sign once the rotation has returned.
   */
  const read = async (tenants: Iterable<string>): Promise<ReadonlyMap<string, KnownTenant>> => {
    const names = [...new Set(tenants)];
    for (let round = 1; ; round += 1) {
      const changesBefore = changes;
      const found = await readOnce(names);
      if (changes === changesBefore || round === mostRounds) return found;
    }
  };

  /** One read at a time: a batch of claims of as many tenants would otherwise take as many connections. */
  const readWithOthers = async (tenant: string): Promise<KnownTenant> => {
    if (next === null) {
      const tenants = new Set<string>();
      const found = reading.then(() => {
        next = null;
        return read(tenants);
      });
      next = { tenants, found };
      reading = found.catch(() => undefined);
    }
    next.tenants.add(tenant);
    return (await next.found).get(tenant) ?? nobody;
  };

  return {
    read,
    tenant: (name) => {
      const entry = entries.get(name);
      if (entry !== undefined && clock.monotonic() - entry.checkedAt < maxAgeMs) return entry.known;
      return readWithOthers(name);
    },
    recall: (name) => entries.get(name)?.known,
    forget: (name) => {
      changes += 1;
      drop(name);
    },
  };
}

/** A tenant without endpoints takes memory too. */
function weightOf({ known }: Entry): number {
  return Math.max(1, known.byId.size);
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
  let headers: TextMap | null = null;
  return {
    endpoint,
    origin: URL.canParse(endpoint.url) ? new URL(endpoint.url).origin : endpoint.url,
    headers: () => (headers ??= openHeaders(endpoint, secretBox)),
    signerAt: (now) => {
      if (signer !== null && now >= validFrom && now < validUntil) return signer;
      const inForce = secrets.filter((secret) => secret.expiresAt === null || secret.expiresAt > now);
      signer = createSigner(
        inForce.map(({ id, sealed }) => {
          const place = { table: "secrets", tenant: endpoint.tenant, endpointId: endpoint.id, secretId: id } as const;
          return secretBox.open(sealed, place).reveal();
        }),
      );
      validFrom = now;
      validUntil = Math.min(Infinity, ...inForce.flatMap(({ expiresAt }) => expiresAt ?? []));
      return signer;
    },
  };
}
