import { checkOptions } from "./check-options.ts";
import { createDeliveries, createMessages } from "./deliveries.ts";
import { createDirectory } from "./directory.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { createDispatcher } from "./dispatcher.ts";
import type { EndpointRules } from "./endpoint-input.ts";
import { createEndpoints } from "./endpoints.ts";
import { checkSecretKeys, createIdentityCheck, createKeyCheck } from "./identity.ts";
import { OuthookError } from "./errors.ts";
import type { AnyEvents } from "./events.ts";
import type { GraceOptions } from "./grace.ts";
import { graceMsOf, within } from "./grace.ts";
import { createInbox } from "./inbox.ts";
import { createHttpTransport } from "./http-transport/index.ts";
import type { Listeners } from "./listeners.ts";
import { createListeners } from "./listeners.ts";
import type { Logger } from "./logger.ts";
import { consoleLogger } from "./logger.ts";
import { createNetworkPolicy } from "./network.ts";
import type { OuthookOptions } from "./options.ts";
import { partitionsOf } from "./partition.ts";
import { resolveOptions } from "./settings.ts";
import { createReporter } from "./reporter.ts";
import type { ResealOptions, ResealResult } from "./reseal.ts";
import { createResealing } from "./reseal.ts";
import { createRun } from "./run.ts";
import { createSecretBox } from "./secret-box.ts";
import { createSender } from "./send.ts";
import { shown } from "./shown.ts";
import type { Store } from "./store/index.ts";
import type { Tenant } from "./tenant.ts";
import { parseTenant } from "./tenant.ts";
import { createTestSends } from "./test-send.ts";

/** Outgoing webhooks of one app. `C` is its event catalogue, `Tx` what its store joins of the host's transactions. */
export type Outhook<C extends AnyEvents, Tx> = {
  /**
   * Brings the store's schema up to date, and the first time writes down its environment. Call it at deploy time, or
   * before the first use; it may run in several processes at once. Returns the migrations that it ran.
   *
   * `adoptEnvironment` makes a copied store belong to this `environment`: everything pending in it is then sent from here.
   *
   * Throws `schema_newer`, and `unknown_secret_key` when the store holds secrets of a key that is not in `secretKeys`; it has
   * done its work then.
   */
  readonly migrate: (options?: { readonly adoptEnvironment?: boolean | undefined }) => Promise<readonly string[]>;
  /**
   * Seals signing secrets and custom headers with the current key of `secretKeys` that were sealed with another one, or were
   * kept as plain text, so that old keys can be removed. It changes no secret: receivers notice nothing.
   *
   * It may run beside dispatchers, rotations and itself, in any number of processes, and be cut off at any time: called again
   * it goes on with what is left. Kept answers of idempotent calls stay as they are and expire within 24 hours; until then
   * `stillInUse` names their key. All processes must have the current key before.
   *
   * @example
   * const { stillInUse } = await outhook.resealSecrets();
   * if (!stillInUse.includes("k1")) console.log("k1 can be removed from secretKeys.keys");
   */
  readonly resealSecrets: (options?: ResealOptions) => Promise<ResealResult>;
  /** Everything one tenant may do. Costs nothing; throws `invalid_tenant` for anything but 1–256 characters. */
  readonly tenant: (tenant: string) => Tenant<C, Tx>;
  readonly dispatcher: Dispatcher;
  /** Makes the dispatcher of this process look for work now: call it after committing a transaction with a `send` in it. */
  readonly wake: () => void;
  /**
   * Listens to reports in this process, made after the fact is stored. Returns a function that stops listening.
   *
   * @example
   * outhook.on("delivery.failed", ({ tenant, endpointId, error }) => alert(tenant, endpointId, error));
   */
  readonly on: Listeners["on"];
  /** The event catalogue, or `null` without one. */
  readonly events: C | null;
  /** Whether receivers see `{ type, timestamp, data }`, or what `wire.envelope` makes. */
  readonly envelope: "standard" | "custom";
  /** Where this writes what nobody waits for. */
  readonly logger: Logger;
  /**
   * Stops the dispatcher, ends open test messages and closes the store, and resolves within `graceMs` (default 10,000), even
   * with the database gone: what of it does not end by then goes on in the background, for 20 s at most.
   */
  readonly close: (options?: GraceOptions) => Promise<void>;
};

/**
 * Creates the webhooks of an app. Nothing runs yet: no DDL, no timer, no connection.
 *
 * Throws `invalid_options` naming the option.
 *
 * @example
 * const outhook = createOuthook({ store: sqliteStore({ path: "outhook.db" }), secretKeys: "plaintext" });
 * await outhook.migrate();
 * await outhook.tenant("acme").send("loan.active", { id: "ln_1" });
 */
export function createOuthook<C extends AnyEvents = AnyEvents, Tx = never>(
  options: OuthookOptions<C, Tx>,
): Outhook<C, Tx> {
  checkArgument(options);
  const settings = resolveOptions(options);
  const policy = createNetworkPolicy(options.network);
  const secretBox = createSecretBox(options.secretKeys);
  const catalogue = options.events ?? null;
  const transport =
    options.transport ??
    createHttpTransport({
      policy,
      onRefused: ({ message: reason }) =>
        settings.logger.warn({ reason }, "a request was not sent: where it goes is closed"),
    });
  // Only the sender passes a `tx`; everything else works with any store.
  const store: Store = options.store;
  const rules: EndpointRules = { catalogue, policy, maxTimeoutSeconds: settings.maxTimeoutSeconds };
  const directory = createDirectory({ endpoints: store.endpoints, secretBox, clock: settings.clock });
  const listeners = createListeners(settings.logger);
  const reports = createReporter({ store, directory, listeners, settings });
  const checkKeys = createKeyCheck({ store, secretBox, settings });
  const testSends = createTestSends({
    endpoints: store.endpoints,
    directory,
    transport,
    checkIdentity: createIdentityCheck({ store, secretBox, settings }),
    settings,
  });
  const inbox = createInbox({ messages: store.messages, monotonic: settings.clock.monotonic });
  const { wake, ...dispatcher } = createDispatcher({
    store,
    secretBox,
    settings,
    createRun: (onChange) =>
      createRun({ messages: inbox, deliveries: store.deliveries, directory, transport, settings, reports, onChange }),
  });
  const sender = createSender({
    messages: options.store.messages,
    catalogue,
    settings,
    onAccepted: (message) => {
      inbox.add(message);
      wake();
    },
  });

  return {
    migrate: async (migrateOptions = {}) => {
      checkOptions("", migrateOptions, ["adoptEnvironment"]);
      const applied = await store.upkeep.migrate({
        identity: { environment: settings.environment, partitions: settings.layout.partitions },
        adopt: migrateOptions.adoptEnvironment === true,
      });
      await checkSecretKeys({ store, secretBox, settings });
      return applied;
    },
    resealSecrets: createResealing({ store, secretBox, settings }),
    tenant: (name) => {
      const tenant = parseTenant(name);
      const partitions = partitionsOf(tenant, settings.layout);
      return {
        send: (type, data, sendOptions = {}) => sender.send(tenant, type, data, sendOptions),
        prepare: (type, data, prepareOptions = {}) => sender.prepare(tenant, type, data, prepareOptions),
        endpoints: createEndpoints({
          tenant,
          partitions,
          store,
          directory,
          secretBox,
          checkKeys,
          rules,
          settings,
          testSends,
          wake,
        }),
        deliveries: createDeliveries({ tenant, partitions, store, settings, wake }),
        messages: createMessages({ tenant, partitions, store, settings, wake }),
      };
    },
    dispatcher,
    wake,
    on: listeners.on,
    events: options.events ?? null,
    envelope: settings.envelope === null ? "standard" : "custom",
    logger: options.logger ?? consoleLogger,
    close: async (closeOptions) => {
      const graceMs = graceMsOf(closeOptions);
      const closeAll = async (): Promise<void> => {
        testSends.close();
        await dispatcher.stop({ graceMs });
        await transport.close();
        await store.close();
      };
      await within(graceMs, closeAll());
    },
  };
}

const optionNames = [
  "store",
  "events",
  "secretKeys",
  "network",
  "environment",
  "wire",
  "retry",
  "autoDisable",
  "dispatcher",
  "limits",
  "spread",
  "transport",
  "clock",
  "random",
  "logger",
];

function checkArgument(options: { readonly store?: unknown; readonly events?: unknown } | undefined): void {
  checkOptions("", options ?? null, optionNames);
  const { store, events } = options ?? {};
  const groups = ["endpoints", "secrets", "messages", "deliveries", "log", "upkeep"];
  if (typeof store !== "object" || store === null || !groups.every((group) => group in store)) {
    throw new OuthookError(
      "invalid_options",
      `store is ${shown(store)}; pass a store, such as sqliteStore({ path: "outhook.db" }) or memoryStore()`,
      { param: "store" },
    );
  }
  if (events !== undefined && (typeof events !== "object" || events === null || !("definitions" in events))) {
    throw new OuthookError("invalid_options", `events is ${shown(events)}; pass what defineEvents({ … }) returns`, {
      param: "events",
    });
  }
}
