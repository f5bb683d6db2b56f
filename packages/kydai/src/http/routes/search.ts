import { type RecordKind, type RecordStore, type RecordWhere, valuesHolding } from '@kydai/contracts';
import { plainLetters } from '../../rules/plain-letters.ts';

const step = 1000;
/** Names that a list is narrowed to. */
const mostNames = 1000;

/** What a list answers that was looked through. `searched` says of how many, where it was not all. */
export interface Found<T> {
  readonly items: T[];
  readonly total: number;
  readonly searched?: number;
}

/**
 * One page of the records that pass a test of what is in no index: `most` of those that the indexes leave are looked
 * at, in `order`. `sort` puts them into another order than an index has; equal ones stay in `order`. What passed is
 * remembered by its key alone, and others have their turn between the pages.
 */
export async function searchPage<T>(
  records: RecordStore,
  kind: RecordKind<T>,
  asked: {
    readonly where: RecordWhere;
    readonly order: string;
    readonly limit: number;
    readonly offset: number;
    readonly most: number;
    readonly passes: (value: T) => boolean;
    readonly sort?: ((value: T) => number | string) | undefined;
    readonly falls?: boolean;
  },
): Promise<Found<T>> {
  const { where, order, limit, offset, most, passes, sort } = asked;
  const found: { readonly key: string; readonly by: number | string }[] = [];
  let isWhole = false;
  for (let at = 0; at < most && !isWhole; at += step) {
    const page = await records.find(kind, { where, order, limit: step, offset: at, total: false });
    for (const { value } of page.records)
      if (passes(value)) found.push({ key: kind.key(value), by: sort?.(value) ?? 0 });
    isWhole = page.records.length < step;
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  if (sort !== undefined) {
    const sign = asked.falls === true ? -1 : 1;
    found.sort(({ by: one }, { by: other }) => (one === other ? 0 : one < other ? -sign : sign));
  }
  const page = found.slice(offset, offset + limit);
  const values = await Promise.all(page.map(({ key }) => records.get(kind, key)));
  return {
    items: values.flatMap((record) => (record === undefined ? [] : [record.value])),
    total: found.length,
    ...(isWhole ? {} : { searched: most }),
  };
}

/** As many records are put in order at once. */
const mostSorted = 5000;

/**
 * One page of a list that is narrowed by indexes. Which of them the records are found by is decided by how many each
 * leaves: where one leaves few they are found by it and sorted, otherwise they are met in order and looked at one by
 * one. A database that does not know its values would read a million records for either.
 */
export async function narrowedPage<T>(
  records: RecordStore,
  kind: RecordKind<T>,
  query: {
    readonly where: RecordWhere;
    readonly order: string;
    readonly limit: number;
    readonly offset: number;
  },
  /** Of all that match, where there is a better way than to look at them. */
  count = () => records.count(kind, query.where),
): Promise<{ items: T[]; total: number }> {
  const { where } = query;
  const ordered = query.order.replace('-', '');
  let few: string | undefined;
  for (const [index, wanted] of Object.entries(where)) {
    // Nearly all records share a null.
    if (wanted === null || few !== undefined) continue;
    if ((await records.count(kind, { [index]: wanted })) <= mostSorted) few = index;
  }
  const aside = [...Object.keys(where), ordered].filter((index) => index !== (few ?? ordered));
  const page = await records.find(kind, { ...query, aside, total: few !== undefined });
  return {
    items: page.records.map(({ value }) => value),
    total: few === undefined ? await count() : page.total,
  };
}

/** Whether a text holds every one of some words, whatever their case and marks. */
export function holdsWords(q: string): (text: readonly (string | undefined)[]) => boolean {
  const words = plainLetters(q).split(/\s+/).filter(Boolean);
  return (text) => {
    const plain = plainLetters(text.filter(Boolean).join('\n'));
    return words.every((word) => plain.includes(word));
  };
}

/**
 * Narrows a list to the names that hold these letters anywhere. Where very many do, to those that begin with them, or
 * to the first thousand where none does; `named` says so.
 */
export async function named<T>(
  records: RecordStore,
  kind: RecordKind<T>,
  index: string,
  letters: string,
): Promise<{ readonly where: RecordWhere; readonly named?: 'beginning' | 'first' }> {
  if (letters === '') return { where: {} };
  const { values, isWhole } = await valuesHolding(records, kind, index, letters, mostNames);
  if (isWhole) return { where: { [index]: values } };
  const begins = { [index]: { gte: letters, lt: `${letters}\uffff` } };
  const { records: some } = await records.find(kind, {
    where: begins,
    order: index,
    limit: 1,
    total: false,
  });
  return some.length > 0
    ? { where: begins, named: 'beginning' }
    : { where: { [index]: values }, named: 'first' };
}
