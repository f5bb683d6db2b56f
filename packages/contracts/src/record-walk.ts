import type { RecordStore } from './ports.ts';
import type { IndexValue, RecordKind, RecordWhere } from './record.ts';

/**
 * Every record of a kind whose index `by` is `from` or above, ascending, however many there are. Each page begins where
 * the last ended, so that the last page costs no more than the first; between pages other work has its turn. Records
 * that change while it walks may be missed or come twice. `where` costs nothing only where it goes with the index; what
 * many records share is better left out here and looked at there.
 */
export async function* eachRecord<T>(
  records: RecordStore,
  kind: RecordKind<T>,
  walk: {
    readonly by: string;
    readonly from: string | number;
    readonly where?: RecordWhere;
    /** Records in memory at a time; 2,000 unless told. */
    readonly page?: number;
  },
): AsyncGenerator<T, void> {
  const { by, where, page = 2000 } = walk;
  let bound: IndexValue = walk.from;
  /** How many records at the bound were given already: a page ends anywhere among equals. */
  let given = 0;
  for (;;) {
    const found = await records.find(kind, {
      where: { ...where, [by]: { gte: bound } },
      order: by,
      limit: page,
      offset: given,
      total: false,
    });
    for (const { value } of found.records) {
      const at: IndexValue = kind.indexes[by]!(value);
      given = at === bound ? given + 1 : 1;
      bound = at;
      yield value;
    }
    if (found.records.length < page) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}
