/**
 * The first `limit` rows over several partitions. `read` gives the first rows of one partition in order, cheaply; a
 * partition is read further only when that could change the answer.
 */
export function firstAcross<Row>(input: {
  readonly partitions: readonly number[];
  readonly limit: number;
  readonly read: (partition: number, limit: number) => readonly Row[];
  readonly compare: (a: Row, b: Row) => number;
}): readonly Row[] {
  const { partitions, limit, read, compare } = input;
  let heads = partitions.map((partition) => headOf(partition, Math.ceil(limit / partitions.length) + 1));
  for (;;) {
    const first = heads
      .flatMap(({ rows }) => rows)
      .toSorted(compare)
      .slice(0, limit);
    const last = first.at(-1);
    const cutShort = heads.filter((head) => mayHoldMore(head, last));
    if (cutShort.length === 0) return first;
    heads = heads.map((head) => (cutShort.includes(head) ? headOf(head.partition, head.size * 2) : head));
  }

  function headOf(partition: number, wanted: number): Head<Row> {
    const size = Math.min(wanted, limit);
    return { partition, size, rows: read(partition, size) };
  }

  /** True when a row that was not read could come before the last of the answer. */
  function mayHoldMore({ rows, size }: Head<Row>, last: Row | undefined): boolean {
    const end = rows.at(-1);
    if (end === undefined || last === undefined || rows.length < size || size === limit) return false;
    return compare(end, last) < 0;
  }
}

type Head<Row> = { readonly partition: number; readonly size: number; readonly rows: readonly Row[] };
