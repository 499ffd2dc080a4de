import type { HttpMutant } from "./mutant.ts";

/** Faults in who calls and in what is asked. */
export const askingMutants: readonly HttpMutant[] = [
  {
    fault: "a viewer may write",
    caughtBy: "permissions/DELETE /endpoints/{id} is refused to a viewer and writes nothing",
    plant: { principal: (principal) => principal && { ...principal, can: "manage" } },
  },
  {
    fault: "a header names the tenant",
    caughtBy: "tenancy/a header does not choose the tenant",
    plant: {
      principal: (principal, { headers }) =>
        principal && { ...principal, tenant: String(headers["x-tenant-id"] ?? principal.tenant) },
    },
  },
  {
    fault: "all tenants are one",
    caughtBy: "tenancy/GET /endpoints/{id} treats another tenant's id as an unknown one",
    plant: { principal: (principal) => principal && { ...principal, tenant: "acme" } },
  },
  {
    fault: "nobody in particular is a tenant too",
    caughtBy: "authentication/GET /endpoints is closed to nobody in particular",
    plant: { principal: (principal) => principal ?? { tenant: "shared", can: "manage" } },
  },
  {
    fault: "the method can be overridden",
    caughtBy: "routing/the method cannot be overridden",
    plant: { call: (call) => ({ ...call, method: call.header("x-http-method-override") ?? call.method }) },
  },
  {
    fault: "a slash at the end is dropped",
    caughtBy: "routing/there is nothing at /endpoints/",
    plant: { call: (call) => ({ ...call, path: call.path.replace(/\/$/, "") }) },
  },
  {
    fault: "the path is decoded before it is split",
    caughtBy: "routing/an encoded slash does not end a segment",
    plant: { call: (call) => ({ ...call, path: call.path.replaceAll("%2F", "/") }) },
  },
  {
    fault: "idempotency keys are ignored",
    caughtBy: "idempotency/a create sent again gets the same bytes, its secret and Location included",
    plant: { call: (call) => ({ ...call, header: (name) => (name === "idempotency-key" ? null : call.header(name)) }) },
  },
  {
    fault: "of an idempotency key sent twice the first counts",
    caughtBy: "input idempotency key/idempotency_key-315: sent twice",
    plant: { call: (call) => ({ ...call, header: (name) => call.header(name)?.split(", ")[0] ?? null }) },
  },
  {
    fault: "every media type is JSON",
    caughtBy: 'bodies/"text/plain" is not JSON',
    plant: {
      call: (call) => ({
        ...call,
        header: (name) => (name === "content-type" ? "application/json" : call.header(name)),
      }),
    },
  },
  {
    fault: "a browser may POST without a media type",
    caughtBy: "bodies/a POST without a body and its media type has no fields, unless a browser sent it",
    plant: { call: (call) => ({ ...call, header: (name) => (name === "origin" ? null : call.header(name)) }) },
  },
  {
    fault: "bodies have no limit",
    caughtBy: "bodies/more bytes than the limit, in chunks",
    plant: { call: (call) => ({ ...call, readBody: async () => await call.readBody(Infinity) }) },
  },
  {
    fault: "bytes that are not UTF-8 are replaced",
    caughtBy: "bodies/bytes that are not UTF-8 are refused, not replaced",
    plant: {
      call: (call) => ({
        ...call,
        readBody: async (maxBytes) => {
          const body = await call.readBody(maxBytes);
          return body.kind === "bytes" ? { ...body, bytes: Buffer.from(Buffer.from(body.bytes).toString()) } : body;
        },
      }),
    },
  },
];
