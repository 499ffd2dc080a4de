/**
 * Signatures per second for a body of 1 KiB and one v1 secret: Outhook's signer against the `standardwebhooks` package.
 *
 * Both run in this process, in alternating rounds after a warm-up, so that both meet the same machine; the figures are
 * medians. Run it with `node bench/signing.ts`. It exits 1 when the ratio is below 4.
 */
import { Webhook } from "standardwebhooks";
import { generateSecret } from "../packages/core/src/secret.ts";
import { createSigner } from "../packages/core/src/signature.ts";

const rounds = 7;
const roundMs = 500;
const requiredRatio = 4;

const secret = generateSecret("v1");
const messageId = "msg_0198c1f2a3b47c8d9e0f1a2b3c4d5e6f";
const text = JSON.stringify({ type: "loan.active", data: { note: "x".repeat(1_024) } }).slice(0, 1_024);
const body = Buffer.from(text);
const date = new Date(1_763_726_400_000);
const timestampSeconds = date.getTime() / 1_000;

const sign = createSigner([secret]);
const webhook = new Webhook(secret);
const outhook = (): string => sign(messageId, timestampSeconds, body);
const reference = (): string => webhook.sign(messageId, date, text);

if (outhook() !== reference()) throw new Error("the two signatures differ, so their rates cannot be compared");

for (const contender of [outhook, reference]) ratePerSecond(contender);
const samples = Array.from({ length: rounds }, () => ({
  outhook: ratePerSecond(outhook),
  reference: ratePerSecond(reference),
}));

const ours = median(samples.map((sample) => sample.outhook));
const theirs = median(samples.map((sample) => sample.reference));
const ratios = samples.map((sample) => sample.outhook / sample.reference);
const ratio = median(ratios);

console.log(`outhook           ${perSecond(ours)}`);
console.log(`standardwebhooks  ${perSecond(theirs)}`);
const [lowest, highest] = [Math.min(...ratios).toFixed(2), Math.max(...ratios).toFixed(2)];
console.log(
  `ratio             ${ratio.toFixed(2)} (rounds ${lowest} to ${highest}, at least ${requiredRatio} required)`,
);
process.exitCode = ratio >= requiredRatio ? 0 : 1;

function ratePerSecond(signOnce: () => string): number {
  const start = performance.now();
  let signatures = 0;
  let elapsedMs = 0;
  while (elapsedMs < roundMs) {
    for (let index = 0; index < 100; index += 1) signOnce();
    signatures += 100;
    elapsedMs = performance.now() - start;
  }
  return (signatures / elapsedMs) * 1_000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function perSecond(rate: number): string {
  return `${Math.round(rate).toLocaleString("en-US").padStart(9)} signatures/s`;
}
