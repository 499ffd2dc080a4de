import { describe, expect, it } from "vitest";
import { sealHeaders } from "../src/custom-headers.ts";
import { createDirectory } from "../src/directory.ts";
import { memoryStore } from "../src/memory-store/index.ts";
import type { StoredEndpoint } from "../src/model.ts";
import { createSecretBox } from "../src/secret-box.ts";
import type { SecretBox } from "../src/secret-box.ts";
import { generateSecret } from "../src/secret.ts";
import type { EndpointStore } from "../src/store/endpoints.ts";

const secretBox = createSecretBox("plaintext");

function endpoint(id: string, tenant: string): StoredEndpoint {
  return {
    id,
    tenant,
    url: "https://hooks.example.com/",
    events: ["loan.*"],
    description: null,
    status: "active",
    disabledReason: null,
    timeoutSeconds: 15,
    maxRetries: null,
    rateLimit: null,
    signingVersion: "v1",
    secretHint: "whsec_…",
    publicKey: null,
    metadata: {},
    headerNames: [],
    sealedHeaders: null,
    lastVerifiedAt: null,
    createdAt: 0,
    updatedAt: 0,
  };
}

async function rig(maxEndpoints?: number) {
  const store = memoryStore();
  await store.upkeep.migrate({ identity: { environment: "test", partitions: 64 }, adopt: false });
  let now = 0;
  const reads: string[] = [];
  let beforeRead = async (): Promise<void> => undefined;
  const endpoints: EndpointStore = {
    ...store.endpoints,
    revisions: (input) => {
      reads.push("revisions");
      return store.endpoints.revisions(input);
    },
    // As a store that reads no more than three tenants at once.
    ofTenants: async ({ tenants }) => {
      reads.push("ofTenants");
      const read = await store.endpoints.ofTenants({ tenants: tenants.slice(0, 3) });
      await beforeRead();
      return read;
    },
  };
  return {
    reads,
    directory: createDirectory({ endpoints, secretBox, clock: { now: () => now, monotonic: () => now }, maxEndpoints }),
    add: (id: string, tenant = "acme") => {
      const sealed = secretBox.seal(generateSecret("v1"), {
        table: "secrets",
        tenant,
        endpointId: id,
        secretId: "sec_1",
      });
      const secret = { id: "sec_1", sealed, createdAt: 0, expiresAt: null };
      return store.endpoints.insert({ endpoint: endpoint(id, tenant), secret, limit: 100 });
    },
    advance: (ms: number) => {
      now += ms;
    },
    /** Runs once while the next read is under way. */
    during: (run: () => Promise<unknown>) => {
      beforeRead = async () => {
        beforeRead = async () => undefined;
        await run();
      };
    },
  };
}

describe("the directory", () => {
  it("reads a tenant once, and for a second does not even ask for its revision", async () => {
    const { directory, add, reads, advance } = await rig();
    await add("ep_1");
    await directory.tenant("acme");
    advance(999);
    await directory.tenant("acme");
    expect(reads).toEqual(["revisions", "ofTenants"]);
    advance(1);
    await directory.tenant("acme");
    expect(reads).toEqual(["revisions", "ofTenants", "revisions"]);
  });

  it("recalls what it has read, whatever its age, and asks nothing for that", async () => {
    const { directory, add, reads, advance } = await rig();
    await add("ep_1");
    expect(directory.recall("acme")).toBeUndefined();
    await directory.tenant("acme");
    advance(60_000);
    expect(directory.recall("acme")?.byId.get("ep_1")?.origin).toBe("https://hooks.example.com");
    expect(reads).toEqual(["revisions", "ofTenants"]);
    directory.forget("acme");
    expect(directory.recall("acme")).toBeUndefined();
  });

  it("asks once for all tenants that are wanted at the same time, also for those that come while it reads", async () => {
    const { directory, add, reads, during } = await rig();
    for (const tenant of ["a", "b", "c", "d"]) await add(`ep_${tenant}`, tenant);
    let late: readonly unknown[] = [];
    during(async () => {
      late = ["c", "d"].map((tenant) => directory.tenant(tenant));
    });
    const found = await Promise.all(["a", "b"].map(async (tenant) => await directory.tenant(tenant)));
    expect(await Promise.all(late)).toHaveLength(2);
    expect(reads.filter((read) => read === "revisions")).toHaveLength(2);
    expect(found.map(({ byId }) => [...byId.keys()])).toEqual([["ep_a"], ["ep_b"]]);
  });

  it("reads all that it does not know in as few reads as the store allows, and nothing else", async () => {
    const { directory, add, reads } = await rig();
    const tenants = ["a", "b", "c", "d", "e", "f", "g"];
    for (const tenant of tenants) await add(`ep_${tenant}`, tenant);
    await directory.read(["b", "nobody"]);
    reads.length = 0;
    const found = await directory.read([...tenants, "nobody"]);
    expect(reads).toEqual(["revisions", "ofTenants", "ofTenants"]);
    expect(tenants.map((tenant) => [...(found.get(tenant)?.byId.keys() ?? [])])).toEqual(
      tenants.map((tenant) => [`ep_${tenant}`]),
    );
    expect(found.get("nobody")?.byId.size).toBe(0);
  });

  it("fails rather than asks for ever when the store answers for none of the tenants", async () => {
    const store = memoryStore();
    await store.upkeep.migrate({ identity: { environment: "test", partitions: 64 }, adopt: false });
    const endpoints = {
      ...store.endpoints,
      revisions: async () => new Map([["acme", 1]]),
      ofTenants: async () => new Map(),
    };
    const directory = createDirectory({ endpoints, secretBox, clock: { now: () => 0, monotonic: () => 0 } });
    await expect(directory.read(["acme"])).rejects.toMatchObject({ code: "internal" });
  });

  it("reads again what changed, at the next refresh", async () => {
    const { directory, add } = await rig();
    await add("ep_1");
    await directory.read(["acme"]);
    await add("ep_2");
    await directory.read(["acme"]);
    expect([...(await directory.tenant("acme")).byId.keys()].toSorted()).toEqual(["ep_1", "ep_2"]);
  });

  it("does not trust a read during which this process made a change", async () => {
    const { directory, add, during } = await rig();
    await add("ep_1");
    during(async () => {
      await add("ep_2");
      directory.forget("acme");
    });
    await directory.tenant("acme");
    expect((await directory.tenant("acme")).byId.size).toBe(2);
  });

  it("never answers with what a change in this process has overtaken", async () => {
    const { directory, add, during, reads } = await rig();
    await add("ep_1");
    during(async () => {
      await add("ep_2");
      directory.forget("acme");
    });
    expect((await directory.tenant("acme")).byId.size).toBe(2);
    expect(reads).toEqual(["revisions", "ofTenants", "revisions", "ofTenants"]);
  });

  it("gives up to overtake changes that never end", async () => {
    const { directory, add, during, reads } = await rig();
    const changing = async (): Promise<void> => {
      await add(`ep_${reads.length}`);
      directory.forget("acme");
      during(changing);
    };
    await add("ep_0");
    during(changing);
    expect((await directory.tenant("acme")).byId.size).toBe(5);
  });

  it("answers with what it read, whatever happens to its memory meanwhile", async () => {
    const { directory, add, during } = await rig(1);
    await add("ep_a", "a");
    await add("ep_b", "b");
    during(async () => {
      directory.forget("a");
      await directory.tenant("b");
    });
    const found = await directory.read(["a", "b"]);
    expect([...found.values()].map((tenant) => tenant.byId.size)).toEqual([1, 1]);
    for (const tenant of ["a", "b", "a", "b"]) expect((await directory.tenant(tenant)).byId.size).toBe(1);
  });

  it("does not go back to an older read that comes in late", async () => {
    const { directory, add, during } = await rig();
    await add("ep_1");
    during(async () => {
      await add("ep_2");
      await directory.read(["acme"]);
    });
    await directory.read(["acme"]);
    expect((await directory.tenant("acme")).byId.size).toBe(2);
  });

  it("keeps a bounded number of endpoints, of the tenants read last", async () => {
    const { directory, add, reads } = await rig(2);
    for (const tenant of ["a", "b", "c"]) {
      await add(`ep_${tenant}`, tenant);
      await directory.tenant(tenant);
    }
    reads.length = 0;
    await directory.tenant("c");
    await directory.tenant("b");
    expect(reads).toEqual([]);
    await directory.tenant("a");
    expect(reads).toEqual(["revisions", "ofTenants"]);
  });

  it("does not keep every tenant without endpoints either", async () => {
    const { directory, reads } = await rig(2);
    for (const tenant of ["a", "b", "c"]) await directory.tenant(tenant);
    reads.length = 0;
    await directory.tenant("c");
    expect(reads).toEqual([]);
    await directory.tenant("a");
    expect(reads).toEqual(["revisions"]);
  });

  it("knows nobody for a tenant that never had an endpoint", async () => {
    const { directory } = await rig();
    expect((await directory.tenant("nobody")).match("loan.active")).toEqual([]);
  });

  it("opens an endpoint's headers once, and only when they are wanted", async () => {
    const store = memoryStore();
    await store.upkeep.migrate({ identity: { environment: "test", partitions: 64 }, adopt: false });
    const headers = sealHeaders({ "x-a": "1" }, { tenant: "acme", id: "ep_1" }, secretBox);
    await store.endpoints.insert({
      endpoint: { ...endpoint("ep_1", "acme"), ...headers },
      secret: { id: "sec_1", sealed: "plain.", createdAt: 0, expiresAt: null },
      limit: 1,
    });
    let opened = 0;
    const counting: SecretBox = {
      ...secretBox,
      open: (sealed, place) => {
        opened += 1;
        return secretBox.open(sealed, place);
      },
    };
    const clock = { now: () => 0, monotonic: () => 0 };
    const directory = createDirectory({ endpoints: store.endpoints, secretBox: counting, clock });
    const known = (await directory.tenant("acme")).byId.get("ep_1");
    expect(opened).toBe(0);
    expect([known?.headers(), known?.headers()]).toEqual([{ "x-a": "1" }, { "x-a": "1" }]);
    expect(opened).toBe(1);
  });
});
