import { hash } from "node:crypto";

/** How many partitions a database gets at its first migration. */
export const defaultPartitions = 64;

/** Where the rows of a tenant lie. */
export type PartitionLayout = {
  /** Fixed at the first migration. */
  readonly partitions: number;
  /** How many partitions a very large tenant uses; 1 unless named. May grow, must not shrink. */
  readonly spread: Readonly<Record<string, number>>;
};

/**
 * The partition of a message: a pure hash of the tenant, and for a tenant with a spread also of the message's id, or of
 * its idempotency key, so that a repeated key meets the first one.
 */
export function partitionOf(tenant: string, key: string, layout: PartitionLayout): number {
  const spread = spreadOf(tenant, layout);
  const offset = spread === 1 ? 0 : hash32(key) % spread;
  return (hash32(tenant) + offset) % layout.partitions;
}

/** All partitions where rows of a tenant can lie. */
export function partitionsOf(tenant: string, layout: PartitionLayout): readonly number[] {
  const first = hash32(tenant);
  return Array.from({ length: spreadOf(tenant, layout) }, (_, offset) => (first + offset) % layout.partitions);
}

/**
 * The partitions that one dispatcher looks after: for each, the living dispatcher with the highest hash owns it
 * (rendezvous hashing), so that all agree without talking and few partitions move when one comes or goes.
 */
export function ownedPartitions(dispatcherId: string, alive: readonly string[], partitions: number): readonly number[] {
  const others = alive.filter((id) => id !== dispatcherId);
  return allPartitions(partitions).filter((partition) => {
    const mine = weight(dispatcherId, partition);
    return others.every((id) => {
      const theirs = weight(id, partition);
      return mine > theirs || (mine === theirs && dispatcherId > id);
    });
  });
}

/** 0 … partitions − 1. */
export function allPartitions(partitions: number): readonly number[] {
  return Array.from({ length: partitions }, (_, partition) => partition);
}

function spreadOf(tenant: string, layout: PartitionLayout): number {
  const named = Object.hasOwn(layout.spread, tenant) ? layout.spread[tenant] : undefined;
  return Math.min(named ?? 1, layout.partitions);
}

function weight(dispatcherId: string, partition: number): number {
  return hash32(`${dispatcherId}:${partition}`);
}

function hash32(text: string): number {
  return Number.parseInt(hash("sha256", text, "hex").slice(0, 8), 16);
}
