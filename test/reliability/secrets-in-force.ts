import type { AnyEvents, Outhook, Store } from "@outhook/core";
import { createOuthook, isOuthookError } from "@outhook/core";
import { postgresStore } from "@outhook/postgres";
import { sqliteStore } from "@outhook/sqlite";
import type { Receiver } from "@outhook/testkit";
import { startReceiver, verifyRequest } from "@outhook/testkit";
import { createHmac } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { expect, onTestFinished } from "vitest";
import { rowsIn } from "./stored.ts";

/** When a secret may sign and when it must: a rotation takes effect at some time between its call and its return. */
type Force = {
  readonly secret: string;
  readonly mayFrom: number;
  readonly mustFrom: number;
  mustUntil: number;
  mayUntil: number;
};

/** How far behind the attempts of one endpoint were, in milliseconds of the clock that dates them; 0 for never. */
type Lateness = {
  /** The longest time after its end that a secret still signed. */
  readonly oldSigned: number;
  /** The longest time after its start that a secret did not sign yet. */
  readonly newMissing: number;
  /** Attempts whose `webhook-timestamp` lies a second or more after the end of a secret that signed them. */
  readonly beyondPromise: number;
  readonly attempts: number;
  readonly rotations: number;
};

const rotateEveryMs = 100;
const sendEveryMs = 5;
/** Secrets that ended longer before an attempt, or began longer after it, are not tried on it. */
const nearMs = 5_000;
/** Messages that are refused at each attempt, so that attempts go on without any fan-out, which would look for what is new. */
const refused = 10;
/** All older ones end at once, 5 times; then the outgoing secret goes on for a second, 20 times. */
const overlapOf = (turn: number): number => (turn % 25 < 5 ? 0 : 1);

/** A rotation counts from the return of its call in the app that made it, and from a second later in all others. */
export async function expectRotationsInForce(database: string, seconds: number): Promise<void> {
  const lateness = await rotateUnderLoad(database, seconds);
  console.table(lateness);
  for (const [tenant, { attempts, rotations, beyondPromise, ...late }] of Object.entries(lateness)) {
    expect(attempts).toBeGreaterThan(seconds * 5);
    expect(rotations).toBeGreaterThan(seconds * 3);
    expect(beyondPromise).toBe(0);
    // What had been looked up when the call returned is signed in the same turn of the event loop.
    const bound = tenant.startsWith("own") ? 5 : 1_000;
    expect(Math.max(late.oldSigned, late.newMissing)).toBeLessThanOrEqual(bound);
  }
}

/**
 * Lets messages flow for so long while the secrets of four endpoints are rotated: two by the app that delivers, two by
 * another app on the same database; of each two one that takes everything and one that refuses it.
 */
async function rotateUnderLoad(database: string, seconds: number): Promise<Readonly<Record<string, Lateness>>> {
  const receiver = await startReceiver({ respond: ({ path }) => ({ status: path.endsWith("refusing") ? 404 : 200 }) });
  onTestFinished(receiver.close);
  const delivering = openApp(database, seconds);
  const managing = openApp(database, seconds);
  await delivering.migrate();
  const flowing = [await createRotated(delivering, "own", receiver), await createRotated(managing, "other", receiver)];
  const refusing = [
    await createRotated(delivering, "own refusing", receiver),
    await createRotated(managing, "other refusing", receiver),
  ];
  const send = (to: readonly Rotated[]): Promise<unknown> =>
    Promise.all(to.map(({ tenant }) => delivering.tenant(tenant).send("loan.active", {})));
  for (let n = 0; n < refused; n += 1) await send(refusing);
  await delivering.dispatcher.start();

  const endAt = performance.now() + seconds * 1_000;
  const sendUntilEnd = async (): Promise<void> => {
    while (performance.now() < endAt) {
      await send(flowing);
      await pause(sendEveryMs);
    }
  };
  const all = [...flowing, ...refusing];
  await Promise.all([sendUntilEnd(), ...all.map(({ rotateUntil }) => rotateUntil(endAt))]);
  await delivering.dispatcher.stop();

  for (const { headers, body, path } of receiver.requests) {
    const second = Number(headers["webhook-timestamp"]) * 1_000;
    const lateMs = path.startsWith("/own") ? 0 : 1_000;
    const { forces } = all.find(({ tenant }) => path === pathOf(tenant)) ?? { forces: [] };
    const inForce = forces.filter(({ mayFrom, mayUntil }) => mayFrom <= second + 999 && mayUntil + lateMs >= second);
    const keys = inForce.map(({ secret }) => secret);
    expect(verifyRequest({ keys, headers, body, now: second })).toBe("verified");
  }
  const lateness = all.map(async ({ tenant, forces }) => [tenant, await latenessOf(database, tenant, forces)] as const);
  return Object.fromEntries(await Promise.all(lateness));
}

function openApp(database: string, seconds: number): Outhook<AnyEvents, never> {
  const store: Store = database.startsWith("postgres")
    ? postgresStore({ connectionString: database })
    : sqliteStore({ path: database });
  const outhook = createOuthook({
    store,
    secretKeys: "plaintext",
    network: { allow: ["127.0.0.1/32"], allowHttp: true },
    retry: { scheduleSeconds: Array.from({ length: 50 }, () => seconds / 50) },
  });
  onTestFinished(() => outhook.close());
  return outhook;
}

type Rotated = {
  readonly tenant: string;
  readonly forces: readonly Force[];
  /** Rotates again and again, until this time of the monotonic clock. */
  readonly rotateUntil: (endAt: number) => Promise<void>;
};

async function createRotated(app: Outhook<AnyEvents, never>, tenant: string, receiver: Receiver): Promise<Rotated> {
  const { endpoints } = app.tenant(tenant);
  const { endpoint, secret } = await endpoints.create({ url: receiver.url(pathOf(tenant)) });
  const never = Number.POSITIVE_INFINITY;
  const forces: Force[] = [{ secret, mayFrom: 0, mustFrom: Date.now(), mustUntil: never, mayUntil: never }];

  const rotate = async (overlap: number): Promise<void> => {
    const mayFrom = Date.now();
    const rotated = await endpoints.rotateSecret(endpoint.id, { expireCurrentInSeconds: overlap }).catch(unlessTooMany);
    if (rotated === null) return;
    const mustFrom = Date.now();
    for (const force of forces) {
      if (overlap > 0 && force.mayUntil !== never) continue;
      force.mustUntil = Math.min(force.mustUntil, mayFrom + overlap * 1_000);
      force.mayUntil = Math.min(force.mayUntil, mustFrom + overlap * 1_000);
    }
    forces.push({ secret: rotated.secret, mayFrom, mustFrom, mustUntil: never, mayUntil: never });
  };

  return {
    tenant,
    forces,
    rotateUntil: async (endAt) => {
      for (let turn = 0; performance.now() < endAt; turn += 1) {
        const next = performance.now() + rotateEveryMs;
        await rotate(overlapOf(turn));
        await pause(Math.max(0, next - performance.now()));
      }
    },
  };
}

/** Ten in a second is more than may be in force. */
function unlessTooMany(error: unknown): null {
  if (isOuthookError(error) && error.code === "too_many_secrets") return null;
  throw error;
}

function pathOf(tenant: string): string {
  return `/${tenant.replace(" ", "/")}`;
}

/** Compares who signed each attempt, which tells to the millisecond when that was, with who was to. */
async function latenessOf(database: string, tenant: string, forces: readonly Force[]): Promise<Lateness> {
  const attempts = await rowsIn(
    database,
    `select m.id as id, m.body as body, a.signature as signature, a.started_at as at from outhook_attempts a
    join outhook_deliveries d on d.partition = a.partition and d.id = a.delivery_id
    join outhook_messages m on m.partition = d.partition and m.id = d.message_id where d.tenant = '${tenant}'`,
  );
  const lateness = { oldSigned: 0, newMissing: 0, beyondPromise: 0 };
  for (const { id, body, signature, at } of attempts) {
    const signedAt = Number(at);
    const timestamp = Math.floor(signedAt / 1_000);
    const items = String(signature).split(" ");
    const near = forces.filter(({ mayFrom, mayUntil }) => mayFrom < signedAt + nearMs && mayUntil > signedAt - nearMs);
    let explained = 0;
    for (const { secret, mayFrom, mustFrom, mustUntil, mayUntil } of near) {
      const signed = items.includes(signatureBy(secret, `${String(id)}.${timestamp}.${String(body)}`));
      if (signed) explained += 1;
      if (signed) expect(signedAt).toBeGreaterThanOrEqual(mayFrom);
      if (signed) lateness.oldSigned = Math.max(lateness.oldSigned, signedAt - mayUntil);
      if (signed && timestamp * 1_000 >= mayUntil + 1_000) lateness.beyondPromise += 1;
      const isMissing = !signed && signedAt >= mustFrom && signedAt < mustUntil;
      if (isMissing) lateness.newMissing = Math.max(lateness.newMissing, signedAt - mustFrom);
    }
    expect(explained, "signatures by secrets of about that time").toBe(items.length);
  }
  return { ...lateness, attempts: attempts.length, rotations: forces.length - 1 };
}

/** By hand, as a receiver would. */
function signatureBy(secret: string, signed: string): string {
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  return `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
}
