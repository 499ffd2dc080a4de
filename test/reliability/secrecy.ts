import type { AnyEvents, NetworkOptions, Outhook, SecretKeys, Store } from "@outhook/core";
import { createOuthook, isOuthookError } from "@outhook/core";
import { createHandler, standardContract } from "@outhook/core/http";
import type { Receiver } from "@outhook/testkit";
import { startReceiver } from "@outhook/testkit";
import { randomBytes } from "node:crypto";
import { onTestFinished } from "vitest";
import type { Evidence } from "./evidence.ts";

/** What nobody but a receiver may see. */
export type Canaries = {
  /** What `create` and `rotateSecret` returned, and one that was brought along. */
  readonly secrets: readonly string[];
  /** Values of custom headers. */
  readonly headers: readonly string[];
};

export type Exercise = { readonly canaries: Canaries; readonly receiver: Receiver };

const open: NetworkOptions = { allow: ["127.0.0.1/32"], allowHttp: true };
const newHeader = (): string => `Bearer canary-${randomBytes(24).toString("base64url")}`;

/** Does all that an app can do with secrets, and what goes wrong, and keeps all that it says. */
export async function exercise(
  evidence: Evidence,
  input: { readonly openStore: () => Store; readonly secretKeys: SecretKeys; readonly strangeKeys: SecretKeys },
): Promise<Exercise> {
  const { openStore, secretKeys, strangeKeys } = input;
  const receiver = await startReceiver({
    respond: ({ path }) => ({ status: Number(/\d+/.exec(path)?.[0] ?? 200), body: `answer of ${path}` }),
  });
  onTestFinished(receiver.close);
  const appOn = (keys: SecretKeys, network: NetworkOptions = open): Outhook<AnyEvents, never> => {
    const outhook = createOuthook({
      store: openStore(),
      secretKeys: keys,
      network,
      retry: { scheduleSeconds: [0.001] },
      autoDisable: { messages: 2, hours: 0 },
      logger: evidence.logger,
    });
    evidence.listenTo(outhook);
    onTestFinished(() => outhook.close());
    return outhook;
  };
  const outhook = appOn(secretKeys);
  await outhook.migrate();
  const secrets: string[] = [`whsec_${randomBytes(32).toString("base64")}`];
  const headers: string[] = [];

  /** Adds an endpoint with a header of its own. */
  const add = async (url: string, more: object = {}): Promise<string> => {
    headers.push(newHeader());
    const { endpoint, secret } = await outhook
      .tenant("acme")
      .endpoints.create({ url, headers: { authorization: headers.at(-1) ?? "" }, ...more });
    secrets.push(secret);
    evidence.add("endpoint", endpoint);
    return endpoint.id;
  };

  const good = await add(receiver.url("/200"));
  const brought = await add(receiver.url("/200"), { secret: secrets[0], signingVersion: "v1" });
  const other = await add(receiver.url("/204"), { signingVersion: "v1a" });
  const tls = await add(receiver.url("/tls").replace("http:", "https:"));
  const failing = await add(receiver.url("/500"));
  await add(receiver.url("/410"));
  await add("http://127.0.0.1:9/refused");

  await askAsHost(evidence, outhook, { ids: [good, brought, other, tls, failing], secrets, headers });
  await askOverHttp(evidence, outhook, { secrets, headers, url: receiver.url("/200") });

  for (let n = 0; n < 3; n += 1) {
    await evidence.keep("send", () => outhook.tenant("acme").send("loan.active", { n }));
    await evidence.keep("runOnce", () => outhook.dispatcher.runOnce());
  }
  for (const id of [good, tls, failing]) {
    const list = await outhook.tenant("acme").deliveries.list({ endpointId: id });
    evidence.add("deliveries", list);
    for (const delivery of list.data) {
      await evidence.keep("delivery", () => outhook.tenant("acme").deliveries.get(delivery.id));
      await evidence.keep("redeliver", () => outhook.tenant("acme").deliveries.redeliver(delivery.id));
      await evidence.keep("message", () => outhook.tenant("acme").messages.get(delivery.messageId));
    }
  }
  // The same app where the receiver is not to be reached, and one with other keys, both asked to deliver what is due again.
  await evidence.keep("runOnce where it is blocked", () => appOn(secretKeys, { allowHttp: true }).dispatcher.runOnce());
  const strange = appOn(strangeKeys);
  for (const call of [strange.migrate, strange.dispatcher.start, strange.dispatcher.runOnce, strange.resealSecrets]) {
    await evidence.keep("strange keys", () => call());
  }
  await evidence.keep("resealSecrets", () => outhook.resealSecrets());
  await damageAndDeliver(evidence, outhook, { store: openStore(), id: good });
  return { canaries: { secrets, headers }, receiver };
}

/** Everything a host can call with and about secrets, and what is refused. */
async function askAsHost(
  evidence: Evidence,
  outhook: Outhook<AnyEvents, never>,
  {
    ids,
    secrets,
    headers,
  }: { readonly ids: readonly string[]; readonly secrets: string[]; readonly headers: string[] },
): Promise<void> {
  const { endpoints } = outhook.tenant("acme");
  const [id = ""] = ids;
  const value = headers[0] ?? "";
  const secret = secrets[0] ?? "";
  const url = "https://hooks.example.com/";
  evidence.add("app", outhook);
  evidence.add("tenant", outhook.tenant("acme"));
  await evidence.keep("get", () => endpoints.get(id));
  await evidence.keep("list", () => endpoints.list());
  await evidence.keep("health", () => endpoints.health(ids));
  await evidence.keep("update", () => endpoints.update(id, { headers: { "x-second": value }, description: "d" }));
  await evidence.keep("update", () => endpoints.update(id, { headers: { "x-second": null } }));
  await evidence.keep("bad header", () => endpoints.update(id, { headers: { "x-bad": `${value}\u0007` } }));
  await evidence.keep("bad header", () => endpoints.create({ url, headers: { host: value } }));
  await evidence.keep("bad secret", () => endpoints.create({ url, secret: `${secret}!` }));
  await evidence.keep("bad secret", () => endpoints.create({ url, secret: secret.slice(6) }));
  await evidence.keep("bad secret", () => endpoints.create({ url, secret, signingVersion: "v1a" }));
  await evidence.keep("blocked", () =>
    endpoints.create({ url: "https://10.0.0.1/", secret, headers: { "x-key": value } }),
  );
  for (const idempotencyKey of ["rotate", "rotate", undefined]) {
    secrets.push((await endpoints.rotateSecret(id, { idempotencyKey })).secret);
  }
  const input = {
    url: "https://hooks.example.com/once",
    secret,
    headers: { "x-key": value },
    status: "disabled",
  } as const;
  for (const kept of [input, input]) await endpoints.create(kept, { idempotencyKey: "create" });
  await evidence.keep("mismatch", () => endpoints.create({ ...input, events: ["a.*"] }, { idempotencyKey: "create" }));
  for (let n = 0; n < 10; n += 1) {
    try {
      secrets.push((await endpoints.rotateSecret(ids[2] ?? "")).secret);
    } catch (error) {
      evidence.add("error of rotateSecret", error);
      if (!isOuthookError(error)) throw error;
    }
  }
}

/** Every route of the API, as it is meant and with what it refuses. */
async function askOverHttp(
  evidence: Evidence,
  outhook: Outhook<AnyEvents, never>,
  { secrets, headers, url }: { readonly secrets: string[]; readonly headers: string[]; readonly url: string },
): Promise<void> {
  const handler = createHandler(outhook, { authenticate: () => ({ tenant: "globex", can: "manage" }) });
  const value = headers[0] ?? "";
  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const init =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    const response = await handler(new Request(`http://app.example${path}`, { method, ...init }));
    const text = await response.text();
    const answer: unknown = text === "" ? null : JSON.parse(text);
    const secret = typeof answer === "object" && answer !== null && "secret" in answer ? String(answer.secret) : null;
    if (secret !== null) secrets.push(secret);
    evidence.add(secret === null ? `${method} ${path.replace(/[a-z]+_\w+/, "{id}")}` : "answer with a secret", [
      [...response.headers],
      answer,
    ]);
    return answer;
  };

  const created = await ask("POST", "/endpoints", { url, headers: { authorization: value }, events: ["*"] });
  const id = typeof created === "object" && created !== null && "id" in created ? String(created.id) : "";
  const bodies: Readonly<Record<string, readonly unknown[]>> = {
    POST: [{ url, headers: { "x-bad": `${value}\n` } }, { url, secret: secrets[0] }, { url: 1 }],
    PATCH: [{ headers: { "x-second": value } }, { headers: { te: value } }, { secret: secrets[0] }],
  };
  // Deleting comes last.
  for (const { method, path } of standardContract.operations.toSorted((one) => (one.method === "DELETE" ? 1 : -1))) {
    const route = path.replace("{id}", id);
    for (const body of bodies[method] ?? [undefined]) await ask(method, route, body);
    if (path.endsWith("rotate")) await ask(method, route, { expire_current_in: 60 });
  }
}

/** Delivers after the row of a secret was changed, so that it does not open. */
async function damageAndDeliver(
  evidence: Evidence,
  outhook: Outhook<AnyEvents, never>,
  { store, id }: { readonly store: Store; readonly id: string },
): Promise<void> {
  const { endpoints = [] } = (await store.endpoints.ofTenants({ tenants: ["acme"] })).get("acme") ?? {};
  const { secrets = [] } = endpoints.find(({ endpoint }) => endpoint.id === id) ?? {};
  const texts = secrets.map((secret) => ({
    tenant: "acme",
    endpointId: id,
    secretId: secret.id,
    sealed: secret.sealed,
    resealed: `${secret.sealed}.`,
  }));
  await store.secrets.reseal({ texts });
  await outhook.tenant("acme").endpoints.update(id, { description: "damaged" });
  await outhook.tenant("acme").send("loan.active", {});
  await evidence.keep("runOnce on damaged rows", () => outhook.dispatcher.runOnce({ maxMs: 0 }));
  await store.close();
}
