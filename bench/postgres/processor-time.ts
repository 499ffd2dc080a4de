import { readdir, readFile } from "node:fs/promises";
import { withClient } from "./server.ts";

/** Milliseconds of processor time that a whole Postgres server has used since it started, ended processes included. */
export type ProcessorTime = () => Promise<number>;

/** Of `/proc/<pid>/stat`, counted from the field after the name. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
type Times = { readonly parent: number; readonly own: number; readonly ended: number };

/** Linux counts in hundredths of a second, whatever its own clock does. */
const tickMs = 10;

/**
 * The processor time of the server at this URL, by what the kernel has accounted to the postmaster, to its children that
 * run, and to those that have ended. Throws when the server is not on this machine.
 */
export async function processorTimeOf(url: string): Promise<ProcessorTime> {
  const postmaster = await withClient(url, async (client) => {
    const { rows } = await client.query("select pg_backend_pid() as pid");
    const backend = await timesOf(rows[0].pid);
    const isPostgres = (await readFile(`/proc/${rows[0].pid}/comm`, "utf8").catch(() => "")).startsWith("postgres");
    if (backend === null || !isPostgres)
      throw new Error("processor time is read from /proc: this needs Linux and a Postgres on this machine");
    return backend.parent;
  });

  return async () => {
    // What ends between the two looks is counted as running, and as ended: then look again.
    for (;;) {
      const before = await timesOf(postmaster);
      const running = await childrenOf(postmaster);
      const after = await timesOf(postmaster);
      if (before === null || after === null) throw new Error("the server has ended");
      if (before.ended === after.ended) return (after.own + after.ended + running) * tickMs;
    }
  };
}

async function childrenOf(parent: number): Promise<number> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const times = await Promise.all(pids.map(timesOf));
  return times.reduce((sum, one) => sum + (one?.parent === parent ? one.own + one.ended : 0), 0);
}

/** `null` when there is no such process. */
async function timesOf(pid: number): Promise<Times | null> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  if (stat === null) return null;
  // The name stands in brackets and may hold spaces.
  const fields = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const at = (index: number): number => fields[index] ?? NaN;
  return { parent: at(1), own: at(11) + at(12), ended: at(13) + at(14) };
}
