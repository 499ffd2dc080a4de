import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { generateSecret } from "../../packages/core/src/secret.ts";
import type { Child } from "../process/child.ts";
import { startChild } from "../process/child.ts";
import type { ReceiverCommands, Sample } from "./receiver-process.ts";

/** Where a message goes, and the secret that signs it. The n-th one's URL ends in `/n`. */
export type Target = { readonly url: string; readonly secret: string };

export type Receiver = Child<ReceiverCommands> & { readonly targets: readonly Target[] };

/** Starts a receiver that stands for so many endpoints. */
export async function startReceiver(endpoints: number): Promise<Receiver> {
  const child = await startChild<ReceiverCommands>(join(import.meta.dirname, "receiver-process.ts"));
  const port = await child.call("port");
  const targets = Array.from({ length: endpoints }, (_, n) => ({
    url: `http://127.0.0.1:${port}/${n}`,
    secret: generateSecret("v1"),
  }));
  return { ...child, targets };
}

/**
 * Throws unless so many messages arrived, each once, and the sampled requests carry signatures that the reference
 * implementation of Standard Webhooks accepts.
 */
export async function verifyReceived(receiver: Receiver, expected: number): Promise<void> {
  const { received, repeated } = await receiver.call("counts");
  if (received !== expected || repeated !== 0)
    throw new Error(`of ${expected} messages ${received} arrived, and ${repeated} requests were repeated`);
  const samples = await receiver.call("samples");
  if (samples.length === 0) throw new Error("no request was kept to be verified");
  for (const sample of samples) verify(sample, receiver.targets);
}

function verify({ path, headers, body }: Sample, targets: readonly Target[]): void {
  const target = targets[Number(path.slice(1))];
  if (target === undefined) throw new Error(`a request went to ${path}, which is no endpoint`);
  new Webhook(target.secret).verify(body, { ...headers });
}
