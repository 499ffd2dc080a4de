import type { Misbehaviour } from "./misbehaviour.ts";

const answers = (statusCode: number, header = ""): Pick<Misbehaviour, "onConnection"> => ({
  onConnection: (socket) => {
    socket.on("data", () => socket.write(`HTTP/1.1 ${statusCode} X\r\ncontent-length: 0\r\n${header}\r\n`));
  },
});

const refuses = (statusCode: number, header?: string): Misbehaviour => ({
  name: `answers ${statusCode}`,
  ...answers(statusCode, header),
  expected: { outcome: statusCode, status: "pending" },
});

const asks = (what: string, statusCode: number, retryAfter: string, retryInSeconds = 60): Misbehaviour => ({
  name: `answers ${statusCode} with Retry-After ${what}`,
  ...answers(statusCode, `retry-after: ${retryAfter}\r\n`),
  expected: { outcome: statusCode, status: "pending", retryInSeconds },
});

/** Well-formed answers that are no success. */
export const statusMisbehaviours: readonly Misbehaviour[] = [
  refuses(300),
  refuses(301, "location: http://127.0.0.1:1/\r\n"),
  refuses(304),
  refuses(307, "location: http://127.0.0.1:1/\r\n"),
  refuses(400),
  refuses(401, 'www-authenticate: Basic realm="x"\r\n'),
  refuses(407, 'proxy-authenticate: Basic realm="x"\r\n'),
  refuses(500),
  refuses(999),
  { name: "answers 410", ...answers(410), expected: { outcome: 410, status: "failed" } },
  asks("in seconds", 429, "120", 120),
  asks("in seconds", 503, "120", 120),
  {
    name: "answers 503 with Retry-After as a date",
    onRequest: (socket) => {
      const inTwoMinutes = new Date(Date.now() + 120_000).toUTCString();
      socket.end(`HTTP/1.1 503 X\r\ncontent-length: 0\r\nretry-after: ${inTwoMinutes}\r\n\r\n`);
    },
    expected: { outcome: 503, status: "pending", retryInSeconds: 120 },
  },
  asks("as a date in the past", 503, "Wed, 21 Oct 2015 07:28:00 GMT"),
  asks("of 30,000 years", 503, "999999999999", 86_400),
  asks("of more than a number holds", 429, "9".repeat(400), 86_400),
  asks("that is negative", 503, "-120"),
  asks("that is no time", 429, "soon"),
  asks("on an answer that is no throttling", 500, "120", 120),
];
