/** Sends and delivers on a file that another process works on as well, and prints what it claimed: `node working-process.ts <file> <n>`. */
import { deliveryIdOf, newId } from "@outhook/core";
import type { NewMessage } from "@outhook/core";
import { nodeSqliteStore } from "../src/index.ts";

const [path = "", count = "0"] = process.argv.slice(2);
const store = nodeSqliteStore({ path });
const everywhere = [0, 1, 2, 3];
const bounds = { partitions: everywhere, limit: 8, perEndpoint: 4, room: new Map<string, number>(), leaseMs: 60_000 };
const claimed: string[] = [];

await store.upkeep.migrate({ identity: { environment: "test", partitions: everywhere.length }, adopt: false });
for (let n = 0; n < Number(count); n += 1)
  await store.messages.insert({ messages: [messageOf(n % everywhere.length)] });
for (;;) {
  const waiting = await store.messages.awaitingFanOut({ partitions: everywhere, limit: 16 });
  const messages = waiting.map(({ id, ...message }) => {
    const delivery = { id: deliveryIdOf(id, "we_1"), endpointId: "we_1", status: "pending", lease: false } as const;
    return { ...message, messageId: id, deliveries: [delivery] };
  });
  await store.deliveries.fanOut({ messages, leaseMs: bounds.leaseMs });
  const claims = await store.deliveries.claim(bounds);
  claimed.push(...claims.map(({ deliveryId }) => deliveryId));
  await store.deliveries.settle({
    settlements: claims.map((claim) => {
      const attempt = { number: claim.attempts + 1, startedAt: Date.now(), durationMs: 1, statusCode: 200 };
      const nothing = { errorClass: null, error: null, signature: null, responseBody: null };
      const outcome = {
        attempt: { ...attempt, ...nothing },
        next: { status: "succeeded" },
        health: "success",
      } as const;
      return { ...claim, ...outcome, holdMs: null };
    }),
  });
  if (claims.length === 0 && waiting.length === 0) break;
}
await store.close();
console.log(JSON.stringify(claimed));

function messageOf(partition: number): NewMessage {
  const keyless = { idempotencyKey: null, payloadHash: null };
  return { id: newId("evt_"), partition, tenant: "acme", type: "a.b", body: "{}", createdAt: Date.now(), ...keyless };
}
