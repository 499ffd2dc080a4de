import type { IncomingMessage } from "node:http";

/** The token of `Authorization: Bearer …`. */
export function bearerToken({ headers }: IncomingMessage): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1];
}
