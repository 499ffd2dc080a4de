import type { Outhook } from "@outhook/core";
import { createOuthook } from "@outhook/core";
import type { SqliteTransaction } from "@outhook/sqlite";
import { sqliteStore } from "@outhook/sqlite";
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

/** How long sending and delivering may take; what is missing by then shows in the account. */
const deadlineMs = 8_000;

type Sender = Outhook<typeof events, SqliteTransaction>;
type Partner = ReturnType<Sender["tenant"]>;
type Subscription = { readonly plan: Plan; readonly endpointId: string; readonly receiver: Receiver };
type Sent = Omit<SentMessage, "body">;

/** Lets the main job happen once and leaves nothing behind, whatever happens. Rejects when `interrupted` aborts. */
export async function runDemo(interrupted: AbortSignal): Promise<Account> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "outhook-demo-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));

  const outhook = createOuthook({
    store: sqliteStore({ path: join(folder, "outhook.db") }),
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
    const { name: description, patterns } = plan;
    const { endpoint, secret } = await partner.endpoints.create({ url: receiver.url, events: patterns, description });
    receiver.learn(secret);
    subscriptions.push({ plan, receiver, endpointId: endpoint.id });
  }

  const startedMs = performance.now();
  const deadline = AbortSignal.timeout(deadlineMs);
  const sent: Sent[] = [];
  try {
    await deliverAll(outhook, { partner, subscriptions, sent, signal: AbortSignal.any([interrupted, deadline]) });
  } catch (error) {
    if (!deadline.aborted) throw error;
  }
  const deliveringMs = performance.now() - startedMs;
  return { ...(await readLog(partner, sent, subscriptions)), deliveringMs };
}

/** Sends all samples, rotates a secret half-way, and waits until nothing is pending. */
async function deliverAll(
  outhook: Sender,
  input: {
    readonly partner: Partner;
    readonly subscriptions: readonly Subscription[];
    readonly sent: Sent[];
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { partner, subscriptions, sent, signal } = input;
  const send = async (some: readonly Sample[], afterRotation: boolean): Promise<void> => {
    for (const { type, data } of some) {
      signal.throwIfAborted();
      const calledMs = performance.now();
      const { id } = await partner.send(type, data);
      sent.push({ id, type, calledMs, acceptedMs: performance.now(), afterRotation });
    }
  };

  const half = samples.length / 2;
  // Not before a delivery waits for its retry, so that the rotation meets deliveries under way.
  await Promise.all([send(samples.slice(0, half), false), firstReport(outhook, "delivery.retrying", { signal })]);
  for (const { plan, receiver, endpointId } of subscriptions) {
    if (plan.name !== rotated) continue;
    const { secret } = await partner.endpoints.rotateSecret(endpointId);
    receiver.learn(secret);
  }
  await send(samples.slice(half), true);
  await allSettled(outhook, { messages: partner.messages, ids: sent.map(({ id }) => id), signal });
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
