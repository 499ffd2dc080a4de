import type { KeyObject } from "node:crypto";
import { createHmac, createSecretKey } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { Pool } from "undici";
import type { Target } from "../receiver/receiver.ts";

/** A message as a queue's users would keep it. */
export type Task = { readonly target: number; readonly id: string; readonly body: string };

/** Signs and posts one message. Throws unless the answer is 2xx. */
export type Send = (task: Task) => Promise<void>;

const timeoutMs = 15_000;

/** What most write: `fetch`, and the package of Standard Webhooks. */
export function usualSend(targets: readonly Target[]): Send {
  return async ({ target, id, body }) => {
    const { url, secret } = targetOf(targets, target);
    const timestamp = new Date();
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": String(Math.floor(timestamp.getTime() / 1_000)),
        "webhook-signature": new Webhook(secret).sign(id, timestamp, body),
      },
      body,
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.text();
    if (!response.ok) throw new Error(`the endpoint answered ${response.status}`);
  };
}

/** What one writes who has measured: a pool of undici, and `node:crypto` with keys that are parsed once. */
export function tunedSend(targets: readonly Target[], inFlight: number): Send {
  const pool = new Pool(originOf(targets), { connections: inFlight, allowH2: false });
  const sign = createSign(targets);
  return async ({ target, id, body }) => {
    const bytes = Buffer.from(body);
    const answer = await pool.request({
      path: `/${target}`,
      method: "POST",
      headers: sign(target, id, bytes),
      body: bytes,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
    await answer.body.dump();
    if (answer.statusCode < 200 || answer.statusCode > 299)
      throw new Error(`the endpoint answered ${answer.statusCode}`);
  };
}

/** The headers of a request to the n-th target. */
export type Sign = (target: number, id: string, body: Buffer) => Record<string, string>;

export function createSign(targets: readonly Target[]): Sign {
  const keys: readonly KeyObject[] = targets.map(({ secret }) =>
    createSecretKey(Buffer.from(secret.replace(/^whsec_/, ""), "base64")),
  );
  return (target, id, body) => {
    const key = keys[target];
    if (key === undefined) throw new Error(`there is no target ${target}`);
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const signature = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64");
    return {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": `v1,${signature}`,
    };
  };
}

/** All targets are one receiver. */
export function originOf(targets: readonly Target[]): string {
  return new URL(targetOf(targets, 0).url).origin;
}

function targetOf(targets: readonly Target[], n: number): Target {
  const target = targets[n];
  if (target === undefined) throw new Error(`there is no target ${n}`);
  return target;
}
