import type { Tenant } from "@outhook/core";
import { createOuthook, memoryStore } from "@outhook/core";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Account, LoggedDelivery, SentMessage } from "./account.ts";
import { events } from "./catalogue.ts";
import type { Sample } from "./payloads.ts";
import { samples } from "./payloads.ts";
import type { Plan } from "./plan.ts";
import { plans, rotated, scheduleSeconds } from "./plan.ts";
import type { Receiver } from "./receiver.ts";
import { startReceiver } from "./receiver.ts";
import { allSettled, firstReport } from "./settled.ts";

/** How long deliveries may take; what is missing by then shows in the account. */
const deadlineMs = 8_000;

type Partner = Tenant<typeof events, never>;
type Subscription = { readonly plan: Plan; readonly endpointId: string; readonly receiver: Receiver };

/** Lets the main job happen once and leaves nothing behind, whatever happens. Rejects when `interrupted` aborts. */
export async function runDemo(interrupted: AbortSignal): Promise<Account> {
  await using cleanup = new AsyncDisposableStack();
  const signal = AbortSignal.any([interrupted, AbortSignal.timeout(deadlineMs)]);
  const folder = await mkdtemp(join(tmpdir(), "outhook-demo-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));

  const outhook = createOuthook({
    store: memoryStore(),
    events,
    secretKeys: { current: "demo", keys: { demo: randomBytes(32) } },
    network: { allow: ["127.0.0.1/32"], allowHttp: true },
    retry: { scheduleSeconds },
  });
  cleanup.defer(() => outhook.close({ graceMs: 1_000 }));
  await outhook.migrate();
  await outhook.dispatcher.start();

  const partner = outhook.tenant("mercado-azul");
  const subscriptions: Subscription[] = [];
  for (const plan of plans) {
    const receiver = await startReceiver(plan);
    cleanup.defer(receiver.close);
    subscriptions.push({ plan, receiver, endpointId: await subscribe(partner, plan, receiver) });
  }

  const startedMs = performance.now();
  const half = samples.length / 2;
  // Half-way and not before a delivery waits for its retry, so that the rotation meets deliveries under way.
  const [before] = await Promise.all([
    sendAll(partner, samples.slice(0, half), { afterRotation: false, signal }),
    firstReport(outhook, "delivery.retrying", { signal }),
  ]);
  for (const { plan, receiver, endpointId } of subscriptions) {
    if (plan.name !== rotated) continue;
    const { secret } = await partner.endpoints.rotateSecret(endpointId);
    receiver.learn(secret);
  }
  const after = await sendAll(partner, samples.slice(half), { afterRotation: true, signal });
  const sent = [...before, ...after];

  await allSettled(outhook, { messages: partner.messages, ids: sent.map(({ id }) => id), signal }).catch(() =>
    interrupted.throwIfAborted(),
  );
  const deliveringMs = performance.now() - startedMs;
  return { ...(await readLog(partner, sent, subscriptions)), deliveringMs };
}

async function subscribe({ endpoints }: Partner, { name, patterns }: Plan, receiver: Receiver): Promise<string> {
  const { endpoint, secret } = await endpoints.create({ url: receiver.url, events: patterns, description: name });
  receiver.learn(secret);
  return endpoint.id;
}

type Sent = Omit<SentMessage, "body">;

async function sendAll(
  partner: Partner,
  some: readonly Sample[],
  { afterRotation, signal }: { readonly afterRotation: boolean; readonly signal: AbortSignal },
): Promise<readonly Sent[]> {
  const sent: Sent[] = [];
  for (const { type, data } of some) {
    signal.throwIfAborted();
    const calledMs = performance.now();
    const { id } = await partner.send(type, data);
    sent.push({ id, type, calledMs, acceptedMs: performance.now(), afterRotation });
  }
  return sent;
}

async function readLog(
  { messages, deliveries }: Partner,
  sent: readonly Sent[],
  subscriptions: readonly Subscription[],
): Promise<Pick<Account, "messages" | "endpoints">> {
  const bodies: SentMessage[] = [];
  const logged: LoggedDelivery[] = [];
  for (const one of sent) {
    const found = await messages.get(one.id);
    bodies.push({ ...one, body: found.message.body });
    for (const { id } of found.deliveries) logged.push(await deliveries.get(id));
  }
  return {
    messages: bodies,
    endpoints: subscriptions.map(({ plan, endpointId, receiver }) => ({
      plan,
      deliveries: logged.filter(({ delivery }) => delivery.endpointId === endpointId),
      requests: receiver.requests,
    })),
  };
}
