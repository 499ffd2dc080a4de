import type { BoundQuery, Query } from "./query.ts";

/**
 * Work on a database as a generator: it yields statements and is given their rows.
 *
 * So the same work runs on a driver that answers at once and on one that answers later. Whoever runs it puts a
 * transaction around it and answers with rows as objects, whole numbers as numbers.
 *
 * @example
 * function run<T>(steps: Steps<T>): T {
 *   let step = steps.next([]);
 *   while (step.done !== true) step = steps.next(execute(step.value.sql, step.value.parameters));
 *   return step.value;
 * }
 */
export type Steps<T> = Generator<BoundQuery, T, readonly unknown[]>;

/** The methods of a part of the store, each as steps instead of a promise. */
export type Stepwise<Part> = {
  readonly [Name in keyof Part]: Part[Name] extends (input: infer Input) => Promise<infer Result>
    ? (input: Input) => Steps<Result>
    : never;
};

/** Runs one query and returns its rows. */
export function* rowsOf<Params extends object, Row>(query: Query<Params, Row>, params: Params): Steps<readonly Row[]> {
  const rows = yield query.bind(params);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the query carries the type of its rows
  return rows as readonly Row[];
}

/** Runs one query and returns its first row. */
export function* firstOf<Params extends object, Row>(query: Query<Params, Row>, params: Params): Steps<Row | null> {
  const [first] = yield* rowsOf(query, params);
  return first ?? null;
}
