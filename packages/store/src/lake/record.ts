import { type ColumnType, integerColumns, textColumns } from '../filter/columns.ts';

/**
 * How an event lies in a frame: as 32-bit words that say where its texts are in the bytes behind all words.
 *
 *     0       words of this record
 *     1, 2    the id: byte and length
 *     3, 4    the time, a 64-bit integer of epoch milliseconds, low word first
 *     5, 6    the time of receipt
 *     7 - 12  source, dataset and raw line: byte and length of each
 *     13 ...  the fields
 *
 * A field that has a column begins with a word that holds the column's code in its lowest byte. Behind a text's code is
 * its length (in the same word) and then its byte; behind an integer's are its two words. `odd` and `rest` are texts of
 * JSON. A text that the frame has already is not written again: most values are a part of their raw line and lie there.
 */
export const record = { id: 1, time: 3, received: 5, source: 7, dataset: 9, raw: 11, fields: 13 } as const;

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

/**
 * The columns by code: even ones are texts, odd ones integers. INVARIANT: a column keeps its code for ever, so that a
 * newer program reads the segments of an older one.
 */
export const oddCode = 252;
export const restCode = 254;
export const columnByCode: readonly (Column | undefined)[] = codes();

function codes(): (Column | undefined)[] {
  const all = new Array<Column | undefined>(256).fill(undefined);
  for (const [at, name] of textColumns.entries()) all[2 * at] = { name, type: 'text' };
  for (const [at, name] of integerColumns.entries()) all[2 * at + 1] = { name, type: 'integer' };
  all[oddCode] = { name: 'odd', type: 'text' };
  all[restCode] = { name: 'rest', type: 'text' };
  return all;
}

const codeByColumn: ReadonlyMap<string, number> = new Map(
  columnByCode.flatMap((column, code) =>
    column === undefined || code >= oddCode ? [] : [[column.name, code] as const],
  ),
);

/** The code of a field that has a column. */
export function codeOf(name: string): number | undefined {
  return codeByColumn.get(name);
}
