import type { Lane } from "../model.ts";
import type { DeliveryRow, Queue, QueueEntry, Tables } from "./tables.ts";
import { keyOf } from "./tables.ts";

/** The row of these three, made when there is none. */
export function queueOf(tables: Tables, partition: number, endpointId: string, lane: Lane): Queue {
  const key = keyOf(partition, endpointId, lane);
  const found = tables.queues.get(key);
  if (found !== undefined) return found;
  const made: Queue = { partition, endpointId, lane, heldUntil: 0, pace: null, servedAt: 0, heap: [] };
  tables.queues.set(key, made);
  return made;
}

/** The rows of these partitions. */
export function queuesIn(tables: Tables, partitions: readonly number[]): readonly Queue[] {
  const wanted = new Set(partitions);
  return [...tables.queues.values()].filter((queue) => wanted.has(queue.partition));
}

/** Puts a pending delivery where its lane and due time say; to be called after each change of either. */
export function enqueue(tables: Tables, delivery: DeliveryRow): void {
  const { heap } = queueOf(tables, delivery.message.partition, delivery.endpointId, delivery.lane);
  let at = heap.push({ dueAt: delivery.dueAt, delivery }) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!swapIfBefore(heap, at, parent)) return;
    at = parent;
  }
}

/** The pending delivery that is due first, leased ones at the end of their lease; `null` when none is pending. */
export function firstOf(queue: Queue): DeliveryRow | null {
  for (let top = queue.heap[0]; top !== undefined; top = queue.heap[0]) {
    const { delivery, dueAt } = top;
    if (delivery.status === "pending" && delivery.lane === queue.lane && delivery.dueAt === dueAt) return delivery;
    dropTop(queue.heap);
  }
  return null;
}

/** From when a claim may take something of the row; infinite when nothing is pending. */
export function readyAt(queue: Queue): number {
  const first = firstOf(queue);
  return first === null ? Number.POSITIVE_INFINITY : Math.max(first.dueAt, queue.heldUntil);
}

/** Holds the endpoint's scheduled lane back until then, or longer if it is already. */
export function holdUntil(queue: Queue, until: number): void {
  queue.heldUntil = Math.max(queue.heldUntil, until);
}

function dropTop(heap: QueueEntry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  let at = 0;
  while (true) {
    const left = 2 * at + 1;
    const right = left + 1;
    const child = isBefore(heap[right], heap[left]) ? right : left;
    if (!swapIfBefore(heap, child, at)) return;
    at = child;
  }
}

function swapIfBefore(heap: QueueEntry[], child: number, parent: number): boolean {
  const [below, above] = [heap[child], heap[parent]];
  if (below === undefined || above === undefined || !isBefore(below, above)) return false;
  heap[child] = above;
  heap[parent] = below;
  return true;
}

function isBefore(a: QueueEntry | undefined, b: QueueEntry | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.dueAt === b.dueAt ? a.delivery.id < b.delivery.id : a.dueAt < b.dueAt;
}
