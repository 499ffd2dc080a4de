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
  const headOf = (partition: number, wanted: number) => {
    const size = Math.min(wanted, limit);
    const rows = read(partition, size);
    return { partition, size, rows, whole: rows.length < size || size === limit };
  };

  let heads = partitions.map((partition) => headOf(partition, Math.ceil(limit / partitions.length) + 1));
  for (;;) {
    const sorted = heads.flatMap(({ rows }) => rows).toSorted(compare);
    const first = sorted.slice(0, limit);
    const last = first.length < limit ? undefined : first.at(-1);
    const mayHoldMore = ({ rows, whole }: (typeof heads)[number]): boolean => {
      const end = rows.at(-1);
      return !whole && end !== undefined && (last === undefined || compare(end, last) < 0);
    };
    if (!heads.some(mayHoldMore)) return first;
    heads = heads.map((head) => (mayHoldMore(head) ? headOf(head.partition, head.size * 2) : head));
  }
}
