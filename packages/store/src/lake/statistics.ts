import type { FieldQuery, FieldStatistics } from '@kydai/contracts';
import { literal } from '../filter/columns.ts';
import { numberPattern } from '../filter/text.ts';
import { aggregate, checkField, countsSql } from './aggregate.ts';
import type { Duck } from './duck.ts';
import { checkTime, type View } from './search.ts';

/**
 * What the values of a field are like. Exact: the percentiles are values that occur (nearest rank), and what a list
 * holds counts once for each different item. Rejects with `query` where there are more different values than fit into
 * the engine's memory.
 */
export async function statistics(
  duck: Duck,
  view: View,
  { field, filter, ...query }: FieldQuery,
): Promise<FieldStatistics> {
  checkField(field);
  const span = { from: checkTime('from', query.from, 0), to: checkTime('to', query.to, 0) };
  const narrowed = filter === undefined ? query : { ...query, filter };
  const has = { op: 'exists', field } as const;
  const having = { op: 'and', filters: filter === undefined ? [has] : [filter, has] } as const;
  const events = (await aggregate(duck, view, narrowed))[0]?.count ?? 0;
  const present = (await aggregate(duck, view, { ...query, filter: having }))[0]?.count ?? 0;
  const { sql, values } = await countsSql(view, { ...narrowed, by: field }, span);
  const number = 'try_cast(v as double)';
  const [row] = await duck.rows(
    {
      sql: `with counts as (select v, n from (${sql}) where v is not null),
        numbers as (select ${number} as x, n from counts
          where regexp_full_match(v, ${literal(numberPattern)}) and isfinite(${number})),
        ranked as (select x, n, sum(n) over (order by x) as upto, sum(n) over () as total from numbers)
        select (select count(*) from counts) as different, sum(n) as count, min(x) as min, max(x) as max,
          sum(x * n) / sum(n) as mean, ${['0.5', '0.95', '0.99']
            .map((share) => `min(x) filter (where upto >= ${share} * total) as p${share.slice(2)}`)
            .join(', ')}
        from ranked`,
      values,
    },
    query,
  );
  const at = (name: string) => Number(row?.[name]);
  const found = { events, present, distinct: at('different') };
  if (row?.['count'] === null || at('count') === 0) return found;
  const numbers = {
    count: at('count'),
    min: at('min'),
    max: at('max'),
    mean: at('mean'),
    p50: at('p5'),
    p95: at('p95'),
    p99: at('p99'),
  };
  return { ...found, numbers };
}
