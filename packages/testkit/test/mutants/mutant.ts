import type {
  DeliveryStore,
  EndpointStore,
  LogStore,
  MessageStore,
  SecretStore,
  Store,
  TenantEndpoints,
  UpkeepStore,
} from "@outhook/core";

/** A store with one fault, and the cases that name it. */
export type Mutant = {
  readonly fault: string;
  readonly caughtBy: readonly string[];
  readonly plant: (store: Store) => Store;
};

export function faultyEndpoints(store: Store, faults: Partial<EndpointStore>): Store {
  return { ...store, endpoints: { ...store.endpoints, ...faults } };
}

export function faultySecrets(store: Store, faults: Partial<SecretStore>): Store {
  return { ...store, secrets: { ...store.secrets, ...faults } };
}

export function faultyMessages(store: Store, faults: Partial<MessageStore<never>>): Store {
  return { ...store, messages: { ...store.messages, ...faults } };
}

export function faultyDeliveries(store: Store, faults: Partial<DeliveryStore>): Store {
  return { ...store, deliveries: { ...store.deliveries, ...faults } };
}

export function faultyLog(store: Store, faults: Partial<LogStore>): Store {
  return { ...store, log: { ...store.log, ...faults } };
}

export function faultyUpkeep(store: Store, faults: Partial<UpkeepStore>): Store {
  return { ...store, upkeep: { ...store.upkeep, ...faults } };
}

/** `ofTenants` with what `change` makes of each tenant. */
export function eachTenant(
  store: Store,
  change: (known: TenantEndpoints, tenant: string) => TenantEndpoints,
): EndpointStore["ofTenants"] {
  return async (input) => {
    const found = await store.endpoints.ofTenants(input);
    return new Map([...found].map(([tenant, known]) => [tenant, change(known, tenant)]));
  };
}

export async function endpointsOf(store: Store, tenant: string): Promise<TenantEndpoints["endpoints"]> {
  return (await store.endpoints.ofTenants({ tenants: [tenant] })).get(tenant)?.endpoints ?? [];
}

/** Tells whether another call of the same mutant is running, for faults that only show in a race. */
export function overlap(): <T>(call: (overlaps: boolean) => Promise<T>) => Promise<T> {
  let running = 0;
  return async (call) => {
    running += 1;
    try {
      return await call(running > 1);
    } finally {
      running -= 1;
    }
  };
}
