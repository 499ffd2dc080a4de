/**
 * What a request over a kept-alive connection costs this process with Outhook's guarded transport, and with plain undici: by
 * `request`, as one uses it, and by `dispatch`, the least that it offers. Plain undici has no deadline and no bounds here.
 *
 * All send the same to the same receiver, which is a process of its own, in rounds that take turns after a warm-up, so that
 * all meet the same machine. A difference is that of one round; the figures are medians. Run it with `pnpm bench guard`. It
 * exits 1 when a median difference is above 5 µs.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Agent } from "undici";
import { createHttpTransport } from "../../packages/core/src/http-transport/index.ts";
import { createNetworkPolicy } from "../../packages/core/src/network.ts";
import { heading, headingText, versionOf } from "../heading.ts";
import { median, spreadOf } from "../statistics.ts";

const rounds = 15;
const requests = 8_000;
const concurrency = 32;
const boundMicros = 5;

const headers = {
  "content-type": "application/json",
  "user-agent": "Outhook",
  "webhook-id": "msg_0198c1f2a3b47c8d9e0f1a2b3c4d5e6f",
  "webhook-timestamp": "1763726400",
  "webhook-signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
};
const body = Buffer.from(JSON.stringify({ type: "loan.active", data: { note: "x".repeat(256) } }));

const receiver = spawn(process.execPath, [join(import.meta.dirname, "receiver-process.ts")], {
  stdio: ["ignore", "pipe", "inherit"],
});
const [port] = await once(createInterface({ input: receiver.stdout }), "line");
const origin = `http://127.0.0.1:${port}`;

const transport = createHttpTransport({ policy: createNetworkPolicy({ allow: ["127.0.0.1/32"], allowHttp: true }) });
const outhook = async (): Promise<void> => {
  const outcome = await transport.send({ url: `${origin}/hook`, headers, body, timeoutMs: 15_000 });
  if (outcome.kind !== "response" || outcome.body !== "ok")
    throw new Error(`not delivered: ${JSON.stringify(outcome)}`);
};
const agent = new Agent({ connections: concurrency, allowH2: false });
const byRequest = async (): Promise<void> => {
  const response = await agent.request({ origin, path: "/hook", method: "POST", headers, body });
  if ((await response.body.text()) !== "ok") throw new Error("not delivered");
};
const byDispatch = (): Promise<void> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    agent.dispatch(
      { origin, path: "/hook", method: "POST", headers, body },
      {
        onRequestStart: () => {},
        onResponseStart: () => {},
        onResponseData: (_controller, chunk) => void chunks.push(chunk),
        onResponseEnd: () =>
          Buffer.concat(chunks).toString() === "ok" ? resolve() : reject(new Error("not delivered")),
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });

const contenders = [
  { name: "outhook", send: outhook, micros: new Array<number>() },
  { name: "undici request", send: byRequest, micros: new Array<number>() },
  { name: "undici dispatch", send: byDispatch, micros: new Array<number>() },
];

try {
  console.log(headingText(heading("guard", [versionOf("undici")])));
  for (const { send } of [...contenders, ...contenders]) await microsPerRequest(send);
  for (let round = 0; round < rounds; round += 1) {
    for (const { send, micros } of round % 2 === 0 ? contenders : contenders.toReversed()) {
      micros.push(await microsPerRequest(send));
    }
  }
  console.log(`processor time per request, µs, ${concurrency} at once, median of ${rounds} rounds of ${requests}`);
  const [ours, ...others] = contenders;
  console.log(`outhook          ${spreadOf(ours?.micros ?? [], 1)}`);
  for (const { name, micros } of others) {
    const differences = micros.map((theirs, round) => (ours?.micros[round] ?? NaN) - theirs);
    console.log(`${name.padEnd(15)}  ${spreadOf(micros, 1)}, difference ${spreadOf(differences, 1)}`);
    if (!(median(differences) <= boundMicros)) process.exitCode = 1;
  }
} finally {
  await transport.close();
  await agent.close();
  receiver.kill();
}

/** Processor time of this process, of the system for it too. */
async function microsPerRequest(send: () => Promise<void>): Promise<number> {
  let left = requests;
  const sendOn = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await send();
    }
  };
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: concurrency }, sendOn));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / requests;
}
