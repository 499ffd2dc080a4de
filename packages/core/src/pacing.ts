import type { Directory } from "./directory.ts";
import type { Endpoint } from "./model.ts";
import { partitionsOf } from "./partition.ts";
import type { Settings } from "./settings.ts";
import type { Claim } from "./settlement.ts";
import type { DeliveryStore } from "./store/deliveries.ts";

/** Keeps the store's paces in line with the rate limits of endpoints, since the two are written one after the other. */
export type Pacing = {
  /** Writes the pace again where a claim shows that it is not what the endpoint, as it was found, says. Never rejects. */
  readonly check: (claim: Claim, endpoint: Endpoint) => Promise<void>;
};

/** The pace of each of the partitions in which a tenant's rows lie: an equal share of the rate limit, whole and at least 1. */
export function paceOf(rateLimit: number | null, partitions: number): number | null {
  return rateLimit === null ? null : Math.max(1, Math.floor(rateLimit / partitions));
}

export function createPacing(input: {
  readonly deliveries: Pick<DeliveryStore, "pace">;
  readonly directory: Directory;
  readonly settings: Pick<Settings, "layout" | "logger">;
}): Pacing {
  const { deliveries, directory, settings } = input;
  const { layout, logger } = settings;
  const checking = new Set<string>();

  const differs = ({ tenant, pace }: Claim, { rateLimit }: Endpoint): boolean =>
    pace !== null || rateLimit !== null ? pace !== paceOf(rateLimit, partitionsOf(tenant, layout).length) : false;

  const mend = async (claim: Claim): Promise<void> => {
    const { tenant, endpointId } = claim;
    // Read again: the claim may come after a change that the directory had not seen.
    const endpoint = (await directory.read([tenant])).get(tenant)?.byId.get(endpointId)?.endpoint;
    if (endpoint === undefined || !differs(claim, endpoint)) return;
    const partitions = partitionsOf(tenant, layout);
    await deliveries.pace({ partitions, endpointId, perSecond: paceOf(endpoint.rateLimit, partitions.length) });
  };

  return {
    check: async (claim, endpoint) => {
      const { endpointId, lane } = claim;
      if (lane === "manual" || checking.has(endpointId) || !differs(claim, endpoint)) return;
      checking.add(endpointId);
      await mend(claim).catch((error: unknown) => {
        logger.warn(
          { error, endpointId },
          "the rate limit of an endpoint could not be passed on to its queue; it is tried again",
        );
      });
      checking.delete(endpointId);
    },
  };
}
