import { OuthookError } from "./errors.ts";
import { shown } from "./shown.ts";

/**
 * Ready-made schedules: seconds to wait before each retry, after an immediate first attempt.
 *
 * - `default`: 5 retries over 7 h 21 min.
 * - `standardWebhooks`: the example of the Standard Webhooks specification, 9 retries over 75 h 35 min.
 * - `svix`: 7 retries over 27 h 35 min.
 */
export const schedules: {
  readonly default: readonly number[];
  readonly standardWebhooks: readonly number[];
  readonly svix: readonly number[];
} = Object.freeze({
  default: Object.freeze([60, 300, 900, 3_600, 21_600]),
  standardWebhooks: Object.freeze([5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]),
  svix: Object.freeze([5, 300, 1_800, 7_200, 18_000, 36_000, 36_000]),
});

/** Longest wait that a receiver can ask for with `Retry-After`: 24 h. */
const maxRetryAfterMs = 24 * 60 * 60 * 1_000;
const maxRetries = 50;
const maxDelaySeconds = 30 * 24 * 60 * 60;
const jitter = 0.1;

/**
 * Checks the option `retry.scheduleSeconds`: 0–50 delays of 0 seconds to 30 days, fractions allowed. No delay at all
 * means a single attempt. Throws `invalid_options`.
 *
 * @example
 * parseSchedule([60, 300, 900]);
 */
export function parseSchedule(seconds: unknown): readonly number[] {
  const param = "retry.scheduleSeconds";
  if (!Array.isArray(seconds))
    throw invalid(param, seconds, "give the seconds before each retry, such as [60, 300, 900]");
  if (seconds.length > maxRetries) {
    throw invalid(`${param}.length`, seconds.length, `a schedule has at most ${maxRetries} retries`);
  }
  return Object.freeze(
    Array.from(seconds, (delay: unknown, index) => {
      if (typeof delay === "number" && delay >= 0 && delay <= maxDelaySeconds) return delay;
      throw invalid(
        `${param}[${index}]`,
        delay,
        `a delay is a number of seconds from 0 to ${maxDelaySeconds} (30 days)`,
      );
    }),
  );
}

/**
 * How long a receiver asks to be left alone: the milliseconds from `now` that a `Retry-After` means, at most 24 h.
 *
 * Takes seconds, also with a fraction or exponent as some receivers send them, and the three date forms of RFC 9110,
 * where a past date means 0. `null` for no header and for anything else.
 *
 * @example
 * parseRetryAfter("120", now); // 120_000
 */
export function parseRetryAfter(header: string | null, now: number): number | null {
  const text = header?.trim() ?? "";
  const waitMs = /^\d+(?:\.\d+)?(?:e\+?\d+)?$/i.test(text) ? Number(text) * 1_000 : httpDate(text, now) - now;
  return Number.isNaN(waitMs) ? null : Math.min(Math.max(Math.ceil(waitMs), 0), maxRetryAfterMs);
}

/**
 * The wait before a retry (0 for the first), in whole milliseconds: the schedule's delay and up to 10 % more, or what
 * the receiver asked for where that is longer. `random` gives 0 ≤ x < 1.
 *
 * @example
 * retryDelayMs({ scheduleSeconds: [60], retry: 0, retryAfterMs: null, random: () => 0.5 }); // 63_000
 */
export function retryDelayMs(input: {
  readonly scheduleSeconds: readonly number[];
  readonly retry: number;
  readonly retryAfterMs: number | null;
  readonly random: () => number;
}): number {
  const { scheduleSeconds, retry, retryAfterMs, random } = input;
  const delaySeconds = scheduleSeconds[retry];
  if (delaySeconds === undefined) {
    throw new OuthookError("internal", `retry ${retry} is not in a schedule of ${scheduleSeconds.length} retries`);
  }
  return Math.max(Math.ceil(delaySeconds * 1_000 * (1 + jitter * random())), retryAfterMs ?? 0);
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const clockTime = String.raw`(?<time>(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60))`;
const monthName = String.raw`(?<month>[A-Z][a-z]{2})`;
const shortWeekday = String.raw`(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)`;
const longWeekday = String.raw`(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day`;
const dateForms = [
  new RegExp(String.raw`^${shortWeekday}, (?<day>\d\d) ${monthName} (?<year>\d{4}) ${clockTime} GMT$`),
  new RegExp(String.raw`^${longWeekday}, (?<day>\d\d)-${monthName}-(?<year>\d\d) ${clockTime} GMT$`),
  new RegExp(String.raw`^${shortWeekday} ${monthName} (?<day>[ \d]\d) ${clockTime} (?<year>\d{4})$`),
];

/** Epoch milliseconds of an HTTP-date (RFC 9110, section 5.6.7); NaN when it is none. */
function httpDate(text: string, now: number): number {
  const parts = dateForms.map((form) => form.exec(text)?.groups).find((groups) => groups !== undefined);
  if (parts === undefined) return NaN;
  const { day = "", month = "", year = "", time = "" } = parts;
  const [hours = NaN, minutes = NaN, seconds = NaN] = time.split(":").map(Number);
  const midnight = new Date(Date.UTC(fullYear(year, now), months.indexOf(month), Number(day)));
  // `Date.UTC` takes 31 February for 3 March, and month −1, an unknown name, for December of the year before.
  if (midnight.getUTCMonth() !== months.indexOf(month)) return NaN;
  return midnight.getTime() + ((hours * 60 + minutes) * 60 + seconds) * 1_000;
}

/** Two digits mean the year that is at most 50 years ahead. */
function fullYear(year: string, now: number): number {
  if (year.length === 4) return Number(year);
  const thisYear = new Date(now).getUTCFullYear();
  const sameCentury = thisYear - (thisYear % 100) + Number(year);
  return sameCentury > thisYear + 50 ? sameCentury - 100 : sameCentury;
}

function invalid(param: string, received: unknown, fix: string): OuthookError {
  return new OuthookError("invalid_options", `${param} is ${shown(received)}; ${fix}`, { param });
}
