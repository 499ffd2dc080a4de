import type { RateLimit } from "@outhook/core/http";

/** Allows a tenant so many requests in each minute of the clock, counted in this process. */
export function perMinute(limit: number): RateLimit<unknown> {
  let minute = 0;
  const counts = new Map<string, number>();
  return ({ tenant }) => {
    const now = Date.now();
    const resetSeconds = 60 - (now % 60_000) / 1_000;
    if (Math.floor(now / 60_000) !== minute) {
      minute = Math.floor(now / 60_000);
      counts.clear();
    }
    const count = (counts.get(tenant) ?? 0) + 1;
    counts.set(tenant, count);
    return count > limit
      ? { limit, retryAfterSeconds: resetSeconds }
      : { ok: true, limit, remaining: limit - count, resetSeconds };
  };
}
