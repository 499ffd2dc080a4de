import type { SecretKeys } from "@outhook/core";
import { standardContract } from "@outhook/core/http";
import { postgresStore } from "@outhook/postgres";
import { sqliteStore } from "@outhook/sqlite";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { withDatabase } from "../crash/processes.ts";
import { readRows, useServer } from "../postgres/database.ts";
import type { Evidence } from "./evidence.ts";
import { createEvidence } from "./evidence.ts";
import type { Exercise } from "./secrecy.ts";
import { exercise } from "./secrecy.ts";

const newKey = (): string => randomBytes(32).toString("base64");
const keys: SecretKeys = { current: "k1", keys: { k1: newKey() } };
const otherKeys: SecretKeys = { current: "k2", keys: { k2: newKey() } };

/** Where a secret is told. */
const told = ["answer with a secret"];
/** Some of where it is not: everything that goes wrong, and every route. */
const mishaps = [
  ...standardContract.operations.map(({ method, path }) => `${method} ${path}`),
  ...["bad header", "bad secret", "blocked", "mismatch", "rotateSecret", "strange keys"].map((of) => `error of ${of}`),
  ...["succeeded", "retrying", "failed"].map((what) => `report delivery.${what}`),
  ...["failing", "disabled"].map((what) => `report endpoint.${what}`),
  "log",
  "runOnce on damaged rows",
  "runOnce where it is blocked",
];

/** Where secrets and headers were found, besides in the requests. */
function findings(evidence: Evidence, { canaries, receiver }: Exercise) {
  for (const { headers } of receiver.requests) evidence.add("request", headers);
  return { secrets: evidence.placesOf(canaries.secrets), headers: evidence.placesOf(canaries.headers) };
}

async function exerciseFile(evidence: Evidence, secretKeys: SecretKeys, path: string): Promise<Exercise> {
  const strangeKeys = secretKeys === "plaintext" ? otherKeys : "plaintext";
  const result = await exercise(evidence, { openStore: () => sqliteStore({ path }), secretKeys, strangeKeys });
  for (const file of [path, `${path}-wal`]) evidence.add("database", await readFile(file));
  return result;
}

describe("a signing secret and a header's value", () => {
  it("are found in what tells of them, in requests, and nowhere else, on SQLite", async () => {
    await withDatabase(async (path) => {
      const evidence = createEvidence();
      const result = await exerciseFile(evidence, keys, path);
      expect(findings(evidence, result)).toEqual({ secrets: told, headers: ["request"] });
      expect(evidence.places()).toEqual(expect.arrayContaining(mishaps));
    });
  });

  it("are found in the file as well when plaintext was said in words: the search finds what is there", async () => {
    await withDatabase(async (path) => {
      const evidence = createEvidence();
      const result = await exerciseFile(evidence, "plaintext", path);
      expect(findings(evidence, result)).toEqual({ secrets: [...told, "database"], headers: ["database", "request"] });
    });
  });

  const newDatabase = useServer();
  it("are found in no row of Postgres", async () => {
    const connectionString = await newDatabase();
    const evidence = createEvidence();
    const result = await exercise(evidence, {
      openStore: () => postgresStore({ connectionString, maxConnections: 3 }),
      secretKeys: keys,
      strangeKeys: otherKeys,
    });
    const tables = await readRows(connectionString, "select tablename from pg_tables where schemaname = 'outhook'");
    expect(tables.length).toBeGreaterThan(10);
    for (const { tablename } of tables) {
      evidence.add("database", await readRows(connectionString, `select * from ${String(tablename)}`));
    }
    expect(findings(evidence, result)).toEqual({ secrets: told, headers: ["request"] });
  });
});
