import type { IndexSlice, IndexSliceQuery } from '@kydai/contracts';
import { type Expression, sql } from 'kysely';
import { quote, StoreError } from '../error.ts';
import type { Dialect } from './dialect.ts';
import { column, type Table } from './kind.ts';
import { ask, type Steps } from './steps.ts';

const mostLooked = 50_000;

/**
 * The texts among the next so many records of an index that hold a text, read from the index alone. Throws `query` for
 * an index that is none or a slice that is too large.
 */
export function* sliceOfIndex(
  dialect: Dialect,
  table: Table,
  index: string,
  { holding, after = '', look }: IndexSliceQuery,
): Steps<IndexSlice> {
  if (!Object.hasOwn(table.kind.indexes, index))
    throw new StoreError('query', `record kind ${quote(table.kind.name)} has no index ${quote(index)}`);
  if (!Number.isSafeInteger(look) || look < 1 || look > mostLooked)
    throw new StoreError('query', `a slice of an index is of 1 to ${mostLooked} records`);
  if (`${holding}${after}`.includes('\0'))
    throw new StoreError('query', 'a text to look for cannot hold NUL');
  const wanted = sql.ref(column(index));
  const slice = sql`(select ${wanted} as v from ${sql.table(table.name)}
    where ${wanted} > ${dialect.indexValue(after)} order by ${wanted} limit ${sql.lit(look)}) as slice`;
  const letters = foldAscii(holding);
  // PostgreSQL's columns hold a letter for the type before each text.
  const [text, holds]: [Expression<unknown>, Expression<unknown>] =
    dialect.name === 'sqlite'
      ? [sql`v`, sql`instr(lower(v), ${letters}) > 0`]
      : [sql`substr(v, 2)`, sql`strpos(lower(substr(v, 2)), ${letters}) > 0`];
  const found = yield* ask(
    sql`select distinct ${text} as value from ${slice} where ${holds} order by value`.compile(dialect.db),
  );
  const looked = yield* ask(
    sql`select max(${text}) as last, count(*) as n from ${slice}`.compile(dialect.db),
  );
  const { last, n } = looked.rows[0]!;
  return {
    values: found.rows.map(({ value }) => String(value)),
    ...(Number(n) < look ? {} : { next: String(last) }),
  };
}

/** As both databases fold: A to Z alone. */
function foldAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
