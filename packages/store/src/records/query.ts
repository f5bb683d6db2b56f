import type { IndexValue, RecordQuery, RecordWhere } from '@kydai/contracts';
import { type CompiledQuery, type Expression, type SqlBool, sql } from 'kysely';
import { quote, StoreError } from '../error.ts';
import { type Dialect, plainIndexValue } from './dialect.ts';
import { column, type Table } from './kind.ts';
import { fill } from './template.ts';

const maxLimit = 10_000;
const maxValues = 10_000;
const deep = 1000;
const bodyColumns = ['key', 'version', 'body'] as const;
const bounds = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

type Condition = Expression<SqlBool>;

function bad(message: string): never {
  throw new StoreError('query', message);
}

function indexColumn(table: Table, name: string): string {
  if (!Object.hasOwn(table.kind.indexes, name)) {
    bad(
      `record kind ${quote(table.kind.name)} has no index ${quote(name)}; use ${table.indexes.join(', ') || 'none'}`,
    );
  }
  return column(name);
}

function plain(value: unknown): string | number | null {
  const kind = typeof value;
  if (kind === 'string' && (value as string).includes('\0')) bad('a text to look for cannot hold NUL');
  if (value === null || kind === 'string' || kind === 'boolean' || Number.isFinite(value)) {
    return plainIndexValue(value as IndexValue);
  }
  return bad('a value to look for must be text, a finite number, a boolean or null');
}

/** `aside` says that the records are better found by another condition, or met in the order that is asked for. */
function condition(dialect: Dialect, name: string, wanted: RecordWhere[string], aside: boolean): Condition {
  // How many records share a value SQLite does not know: the plus keeps it from that index.
  const ref = aside && dialect.name === 'sqlite' ? sql`+${sql.ref(name)}` : sql.ref(name);
  if (Array.isArray(wanted)) {
    if (wanted.length > maxValues) bad(`at most ${maxValues} values can be looked for at once`);
    const values = wanted.map(plain);
    const some = values.filter((value) => value !== null);
    const parts: Condition[] = [];
    if (some.length > 0) parts.push(sql<SqlBool>`${ref} in (${sql.join(some.map(dialect.indexValue))})`);
    if (some.length < values.length) parts.push(sql<SqlBool>`${ref} is null`);
    return parts.length === 0 ? sql<SqlBool>`1 = 0` : sql<SqlBool>`(${sql.join(parts, sql` or `)})`;
  }
  if (wanted !== null && typeof wanted === 'object') {
    const parts = Object.entries(wanted).map(([bound, value]) => {
      const operator =
        bounds[bound as keyof typeof bounds] ?? bad(`${quote(bound)} is not one of gt, gte, lt, lte`);
      const limit = plain(value);
      // As in SQL: nothing lies above or below null.
      return limit === null
        ? sql<SqlBool>`1 = 0`
        : sql<SqlBool>`${ref} ${sql.raw(operator)} ${dialect.indexValue(limit)}`;
    });
    return parts.length === 0
      ? bad('a range needs at least one bound')
      : sql<SqlBool>`(${sql.join(parts, sql` and `)})`;
  }
  const value = plain(wanted);
  return value === null ? sql<SqlBool>`${ref} is null` : sql<SqlBool>`${ref} = ${dialect.indexValue(value)}`;
}

function conditions(
  dialect: Dialect,
  table: Table,
  where: RecordWhere = {},
  aside: readonly string[] = [],
): Condition {
  const entries = Object.entries(where);
  const parts = entries.map(([name, wanted]) =>
    condition(
      dialect,
      indexColumn(table, name),
      wanted,
      // Nearly all records share a null.
      aside.includes(name) || (wanted === null && entries.length > 1),
    ),
  );
  return parts.length === 0 ? sql<SqlBool>`1 = 1` : sql<SqlBool>`${sql.join(parts, sql` and `)}`;
}

function whole(value: number | undefined, otherwise: number, most: number, name: string): number {
  if (value === undefined) return otherwise;
  if (!Number.isSafeInteger(value) || value < 0 || value > most)
    bad(`${name} must be a whole number from 0 to ${most}`);
  return value;
}

function orderColumn(dialect: Dialect, table: Table, order: string, aside: readonly string[] = []) {
  const ref = sql.ref(indexColumn(table, order));
  return aside.includes(order) && dialect.name === 'sqlite' ? sql`+${ref}` : ref;
}

/** One page of records, ordered by an index with ties by key. */
export function findQuery(dialect: Dialect, table: Table, query: RecordQuery): CompiledQuery {
  const descending = query.order?.startsWith('-') ?? false;
  const order = descending ? query.order!.slice(1) : query.order;
  const offset = whole(query.offset, 0, Number.MAX_SAFE_INTEGER, 'offset');
  const name = order === undefined ? undefined : orderColumn(dialect, table, order, query.aside);
  const ordered = <C extends string>(columns: readonly C[]) => {
    const select = dialect.db.selectFrom(table.name).select(columns);
    return name === undefined
      ? select.orderBy('key', 'asc')
      : select
          .orderBy(name, (by) => (descending ? by.desc().nullsLast() : by.asc().nullsFirst()))
          .orderBy('key', 'asc');
  };
  const page = <C extends string>(columns: readonly C[]) =>
    ordered(columns)
      .where(conditions(dialect, table, query.where, query.aside))
      .limit(whole(query.limit, 100, maxLimit, 'limit'))
      .offset(offset);
  // Far down a list the bodies of what is passed over are not read: its keys are in the index, unless that is lean.
  return offset < deep || (order !== undefined && table.kind.lean?.includes(order) === true)
    ? page(bodyColumns).compile()
    : ordered(bodyColumns)
        .where('key', 'in', page(['key']))
        .compile();
}

export function countQuery(
  dialect: Dialect,
  table: Table,
  where?: RecordWhere,
  aside?: readonly string[],
): CompiledQuery {
  const [name, value, ...more] = Object.entries(where ?? {}).flat();
  // The one question that is asked at every issuance has its text made once.
  if (
    more.length === 0 &&
    typeof name === 'string' &&
    (typeof value === 'string' || typeof value === 'number')
  ) {
    const parameter = dialect.indexParameter(plain(value) as string | number);
    const wanted = indexColumn(table, name);
    return fill(table, `count ${name}`, [parameter], ([slot]) =>
      dialect.db
        .selectFrom(table.name)
        .select(sql<number>`count(*)`.as('n'))
        .where(sql<SqlBool>`${sql.ref(wanted)} = ${slot}`),
    );
  }
  return dialect.db
    .selectFrom(table.name)
    .select(sql<number>`count(*)`.as('n'))
    .where(conditions(dialect, table, where, aside))
    .compile();
}

/** Whether there is any record with this value at an index: one row or none. */
export function anyQuery(
  dialect: Dialect,
  table: Table,
  index: string,
  value: string | number,
): CompiledQuery {
  const wanted = indexColumn(table, index);
  const parameter = dialect.indexParameter(plain(value) as string | number);
  return fill(table, `any ${index}`, [parameter], ([slot]) =>
    dialect.db
      .selectFrom(table.name)
      .select(sql<number>`1`.as('found'))
      .where(sql<SqlBool>`${sql.ref(wanted)} = ${slot}`)
      .limit(sql.lit(1)),
  );
}

export function getQuery(dialect: Dialect, table: Table, key: string): CompiledQuery {
  return fill(table, 'get', [key], ([key]) =>
    dialect.db.selectFrom(table.name).select(['version', 'body']).where('key', '=', key!),
  );
}
