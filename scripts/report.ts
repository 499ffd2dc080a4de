/** Runs a check and prints its faults, one a line and their number last. Any fault makes the process fail. */
export async function report(name: string, check: () => Promise<readonly string[]>): Promise<void> {
  const faults = await check().catch((error: unknown) => [error instanceof Error ? error.message : String(error)]);
  for (const fault of faults) console.error(`${name}: ${fault}`);
  console.log(`${name}: ${faults.length} faults`);
  if (faults.length > 0) process.exitCode = 1;
}
