import type { RateLimit } from "@outhook/core/http";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";

/**
 * So many requests a minute for each tenant, counted in this process. With several processes take one of the package's
 * limiters that count in a database or in Redis: the rest stays as it is.
 */
export function requestsPerMinute(limit: number): RateLimit<unknown> {
  const limiter = new RateLimiterMemory({ points: limit, duration: 60 });
  return async ({ tenant }) => {
    try {
      const { remainingPoints, msBeforeNext } = await limiter.consume(tenant);
      return { ok: true, limit, remaining: remainingPoints, resetSeconds: msBeforeNext / 1_000 };
    } catch (refused) {
      // The package throws its count when there are too many, and an Error when it could not count.
      if (!(refused instanceof RateLimiterRes)) throw refused;
      return { retryAfterSeconds: refused.msBeforeNext / 1_000, limit };
    }
  };
}
