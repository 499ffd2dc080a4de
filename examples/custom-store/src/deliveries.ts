// oxlint-disable no-unused-expressions -- a template of `sql` is a call
import type { Attempt, Claim, DeliveryStore, EndpointHealth, Settlement } from "@outhook/core";
import { healthAfter, lostError, newHealth } from "@outhook/core";
import type { Connection, Sql } from "./connection.ts";
import { mostBodies } from "./messages.ts";

type Place = Pick<Claim, "partition" | "endpointId" | "lane">;
type Queue = { readonly queue: number; readonly heldUntil: number; readonly pace: number | null };
type Ready = Place & Pick<Queue, "queue" | "pace">;
type Due = Pick<Claim, "deliveryId" | "tenant" | "messageId" | "type" | "body"> & { readonly leasedAt: number | null };

/** What is known of a lost attempt. */
const unseen = { statusCode: null, errorClass: "lost", error: lostError, signature: null, responseBody: null } as const;

/** The queue. */
export function deliveries({ reads, writes }: Connection, clock: () => number): DeliveryStore {
  return {
    fanOut: writes((sql, { messages, leaseMs, now = clock() }) => {
      const leased = new Set<string>();
      let [taken, created] = [0, 0];
      for (const { partition, messageId, deliveries: wanted } of messages) {
        // Only one caller finds the row.
        const found = sql.run`delete from outhook_waiting where (partition, createdAt, id) = (
          select partition, createdAt, id from outhook_messages where id = ${messageId} and partition = ${partition})`;
        if (found === 0) continue;
        taken += 1;
        for (const { id, endpointId, status, lease } of wanted) {
          const { queue, heldUntil, pace } = queueOf(sql, { partition, endpointId, lane: "scheduled" });
          const leasing = Number(lease && status === "pending" && heldUntil <= now && pace === null);
          created += sql.run`insert into outhook_deliveries
            (id, message, queue, status, dueAt, leasedAt, fence, createdAt, updatedAt)
            select ${id}, seq, ${queue}, ${status}, iif(${status} = 'pending', ${now + leasing * leaseMs}, null),
            iif(${leasing}, ${now}, null), ${leasing}, ${now}, ${now} from outhook_messages where id = ${messageId}
            on conflict do nothing`;
          if (leasing === 1) leased.add(id);
        }
      }
      return { taken, created, leased };
    }),

    claim: writes((sql, { partitions, limit, perEndpoint, room, leaseMs, now = clock() }) => {
      sql.run`update outhook_queue set servedAt = ${now} where servedAt > ${now}`; // See nextDueInMs.
      const free = new Map(room);
      const taken: { readonly row: Ready; readonly due: Due }[] = [];
      const served = new Map<number, number>();
      let length = 0;
      // The rows in the order of their turns, read no further than needed. What is taken is written down below.
      const ready = sql.each<Ready>`select id as queue, partition, endpointId, lane, pace
        from outhook_queue indexed by outhook_queue_ready
        where readyAt <= ${now} and partition in (select value from json_each(${partitions})) order by readyAt`;
      for (const row of ready) {
        const before = taken.length;
        if (before >= limit || length >= mostBodies) break;
        const most = Math.max(free.get(row.endpointId) ?? perEndpoint, 0);
        for (const due of sql.each<Due>`
          select d.id as deliveryId, m.tenant, m.id as messageId, m.type, m.body, d.leasedAt
          from outhook_deliveries d cross join outhook_messages m on m.seq = d.message
          where d.queue = ${row.queue} and d.dueAt <= ${now}
          order by d.dueAt, d.id limit ${Math.min(most, limit - before, row.pace ?? most)}`) {
          if (length >= mostBodies) break;
          taken.push({ row, due });
          length += due.body.length;
        }
        const count = taken.length - before;
        free.set(row.endpointId, most - count);
        if (count > 0) served.set(row.queue, row.pace === null ? 0 : now + Math.ceil((count * 1_000) / row.pace));
      }
      const claims = taken.map(({ row, due }) => take(sql, row, due, { now, leaseMs }));
      for (const [queue, heldUntil] of served) {
        sql.run`update outhook_queue set servedAt = ${now}, heldUntil = max(heldUntil, ${heldUntil}) where id = ${queue}`;
      }
      return claims;
    }),

    settle: writes((sql, { settlements, now = clock() }) => {
      const health = new Map<string, EndpointHealth>();
      const failing = new Set<string>();
      const results = settlements.map((one) => {
        if (!settleOne(sql, one, now)) return "lease_lost";
        if (one.health === null) return "settled";
        const before = health.get(one.endpointId) ?? healthOf(sql, one.endpointId) ?? newHealth(one.endpointId);
        health.set(one.endpointId, healthAfter(before, [{ kind: one.health, attempt: one.attempt }], now));
        if (one.health !== "success") failing.add(one.endpointId);
        return "settled";
      });
      for (const one of health.values()) writeHealth(sql, one);
      return { results, health: [...health.values()].filter(({ endpointId }) => failing.has(endpointId)) };
    }),

    hold: writes((sql, { now = clock(), ...input }) => hold(sql, input, now)),

    pace: writes((sql, { partitions, endpointId, perSecond }) => {
      sql.run`insert into outhook_queue (partition, endpointId, lane, pace)
        select value, ${endpointId}, 'scheduled', ${perSecond} from json_each(${partitions}) where true
        on conflict do update set pace = excluded.pace`;
    }),

    forgetFailures: writes((sql, { endpointId }) => {
      const nothing = { consecutiveFailures: 0, exhaustedInRow: 0, failingSince: null };
      const health = healthOf(sql, endpointId);
      if (health !== null) writeHealth(sql, { ...health, ...nothing });
    }),

    cancel: writes((sql, { partitions, endpointId, limit, now = clock() }) => {
      return sql.run`update outhook_deliveries set status = 'cancelled', dueAt = null, leasedAt = null, updatedAt = ${now}
        where id in (select d.id from outhook_queue q cross join outhook_deliveries d on d.queue = q.id and d.dueAt is not null
        where q.partition in (select value from json_each(${partitions})) and q.endpointId = ${endpointId} limit ${limit})`;
    }),

    nextDueInMs: reads((sql, { partitions, now = clock() }) => {
      // A turn orders what is ready and must not delay it: one that lies ahead is of a clock that was set back since.
      if (sql.get`select 1 from outhook_queue where servedAt > ${now} limit 1` !== null) return 0;
      const next = sql.get<{ readyAt: number }>`select readyAt from outhook_queue indexed by outhook_queue_ready
        where readyAt is not null and partition in (select value from json_each(${partitions})) order by readyAt limit 1`;
      return next === null ? null : Math.max(next.readyAt - now, 0);
    }),
  };
}

/** False when the lease is lost. */
function settleOne(sql: Sql, settlement: Settlement, now: number): boolean {
  const { partition, deliveryId, endpointId, fence, attempt, next, scheduledAttempts, holdMs } = settlement;
  // A retry is scheduled, also of what a person had asked for.
  const lane = next.status === "pending" ? "scheduled" : null;
  const settled = sql.run`update outhook_deliveries set status = ${next.status === "released" ? "pending" : next.status},
    leasedAt = null, updatedAt = ${now}, dueAt = ${"delayMs" in next ? now + next.delayMs : null},
    scheduledAttempts = ${scheduledAttempts}, attempts = attempts + ${attempt === null ? 0 : 1}, queue = (
      select other.id from outhook_queue one join outhook_queue other using (partition, endpointId)
      where one.id = queue and other.lane = ifnull(${lane}, one.lane))
    where id = ${deliveryId} and fence = ${fence} and leasedAt is not null
    and ${partition} = (select partition from outhook_queue where id = queue)`;
  if (settled === 0) return false;
  if (attempt !== null) record(sql, { deliveryId, ...attempt });
  if (holdMs !== null && holdMs > 0) hold(sql, { partitions: [partition], endpointId, holdMs }, now);
  return true;
}

/** The queue row of these three, made when there is none. */
export function queueOf(sql: Sql, place: Place): Queue {
  const { partition, endpointId, lane } = place;
  const found = sql.get<Queue>`select id as queue, heldUntil, pace from outhook_queue
    where partition = ${partition} and endpointId = ${endpointId} and lane = ${lane}`;
  if (found !== null) return found;
  sql.run`insert into outhook_queue (partition, endpointId, lane) values (${partition}, ${endpointId}, ${lane})`;
  return queueOf(sql, place);
}

/** Holds the scheduled lane, also for what comes later, hence in rows that may be new. */
function hold(sql: Sql, input: Omit<Parameters<DeliveryStore["hold"]>[0], "now">, now: number): void {
  const { partitions, endpointId, holdMs } = input;
  sql.run`insert into outhook_queue (partition, endpointId, lane, heldUntil)
    select value, ${endpointId}, 'scheduled', ${now + holdMs} from json_each(${partitions}) where true
    on conflict do update set heldUntil = max(iif(${holdMs} > 0, heldUntil, 0), excluded.heldUntil)`;
}

/** A lease that stands on what is due has lapsed: who held it has made an attempt, as far as anybody knows. */
function take(sql: Sql, row: Ready, { leasedAt, ...due }: Due, at: { now: number; leaseMs: number }): Claim {
  const { partition, endpointId, lane, pace } = row;
  const { deliveryId } = due;
  const lost = leasedAt === null ? 0 : 1;
  const [counts] = sql.all<Pick<Claim, "fence" | "attempts" | "scheduledAttempts">>`update outhook_deliveries
    set dueAt = ${at.now + at.leaseMs}, leasedAt = ${at.now}, fence = fence + 1, attempts = attempts + ${lost},
    scheduledAttempts = scheduledAttempts + ${lost}, updatedAt = iif(${lost}, ${at.now}, updatedAt)
    where id = ${deliveryId} returning fence, attempts, scheduledAttempts`;
  const { fence, attempts, scheduledAttempts } = counts ?? { fence: 0, attempts: 0, scheduledAttempts: 0 };
  if (leasedAt !== null) {
    const span = { startedAt: leasedAt, durationMs: at.now - leasedAt };
    record(sql, { deliveryId, number: attempts, ...span, ...unseen });
  }
  return { partition, endpointId, lane, pace, ...due, fence, attempts, scheduledAttempts, lapsed: lost === 1 };
}

function record(sql: Sql, attempt: Attempt): void {
  sql.run`insert into outhook_attempts values (${attempt.deliveryId}, ${attempt.number}, ${JSON.stringify(attempt)})`;
}

export function healthOf(sql: Sql, endpointId: string): EndpointHealth | null {
  return sql.get<EndpointHealth>`select document from outhook_health where endpointId = ${endpointId}`;
}

function writeHealth(sql: Sql, health: EndpointHealth): void {
  sql.run`insert or replace into outhook_health values (${health.endpointId}, ${JSON.stringify(health)})`;
}
