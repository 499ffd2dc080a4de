import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Socket } from "node:net";
import { httpMisbehaviours } from "./http-misbehaviours.ts";
import type { Certificate, Misbehaviour } from "./misbehaviour.ts";
import { ok } from "./pouring.ts";
import { statusMisbehaviours } from "./status-misbehaviours.ts";
import { tlsMisbehaviours } from "./tls-misbehaviours.ts";

const delivered = { outcome: 200, status: "succeeded", responseBody: /^ok$/ } as const;
const answer = (socket: Socket): void => void socket.on("data", () => socket.write(ok));

/** The controls. */
export const wellBehaved: readonly Misbehaviour[] = [
  { name: "does nothing wrong", onConnection: answer, expected: delivered },
  { name: "does nothing wrong over TLS", certificate: "trusted", onConnection: answer, expected: delivered },
];

export const misbehaviours: readonly Misbehaviour[] = [
  ...httpMisbehaviours,
  ...statusMisbehaviours,
  ...tlsMisbehaviours,
];

/** A certificate with its private key, in PEM. */
export function pemOf(name: Certificate): string {
  return readFileSync(join(import.meta.dirname, "certificates", `${name}.pem`), "utf8");
}
